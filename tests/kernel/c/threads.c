/* COUNT threads beside the main one, of MODE: sleep (in a futex), spin (count up), storm (each of them makes
 * short-lived threads all the time), zombie (sleep; the main thread ends by pthread_exit), late (the same, but
 * only when it gets SIGUSR1).
 * Lines: "ready"; at the end of input "ok TICKS" with the number of rounds that all made. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *mode;
static volatile int stop;
static volatile unsigned long ticks;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;

static void nothing(int number) { (void)number; }

static void *short_lived(void *argument)
{
    __sync_fetch_and_add(&ticks, 1);
    return argument;
}

static void *run(void *argument)
{
    pthread_barrier_wait(&barrier);
    if (!strcmp(mode, "spin"))
        while (!stop) {
            __sync_fetch_and_add(&ticks, 1);
            usleep(1000);
        }
    else if (!strcmp(mode, "storm"))
        while (!stop) {
            pthread_t thread;
            if (pthread_create(&thread, NULL, short_lived, NULL) == 0)
                pthread_join(thread, NULL);
        }
    else {
        pthread_mutex_lock(&lock);
        ticks++;
        pthread_mutex_unlock(&lock);
    }
    return argument;
}

static void *end(void *argument)
{
    char line[16];
    if (fgets(line, sizeof line, stdin) == NULL)
        line[0] = 0;
    stop = 1;
    pthread_mutex_unlock(&lock);
    pthread_t *threads = argument;
    for (int i = 0; threads[i]; i++)
        pthread_join(threads[i], NULL);
    printf("ok %lu\n", ticks);
    fflush(stdout);
    exit(0);
}

int main(int argc, char **argv)
{
    mode = argv[1];
    int count = atoi(argv[2]);
    pthread_t *threads = calloc(count + 1, sizeof *threads), last;
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    pthread_mutex_lock(&lock);
    pthread_barrier_init(&barrier, NULL, count + 1);
    for (int i = 0; i < count; i++)
        pthread_create(&threads[i], &small, run, NULL);
    pthread_barrier_wait(&barrier);
    if (!strcmp(mode, "zombie") || !strcmp(mode, "late")) {
        signal(SIGUSR1, nothing);
        pthread_create(&last, NULL, end, threads);
        printf("ready\n");
        fflush(stdout);
        if (!strcmp(mode, "late"))
            pause();
        pthread_exit(NULL);
    }
    printf("ready\n");
    fflush(stdout);
    end(threads);
    return 0;
}
