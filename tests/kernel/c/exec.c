/* A thread, not the main one, executes this program anew, COUNT times. Lines: "ready", at the end "ok". */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int left;
static char **arguments;

static void *wait_for_ever(void *argument)
{
    pause();
    return argument;
}

static void *again(void *argument)
{
    char count[16];
    snprintf(count, sizeof count, "%d", left - 1);
    usleep(2000);
    execl("/proc/self/exe", arguments[0], count, "again", (char *)NULL);
    return argument;
}

int main(int argc, char **argv)
{
    pthread_t threads[3];
    arguments = argv;
    left = atoi(argv[1]);
    if (argc == 2) {
        printf("ready\n");
        fflush(stdout);
    }
    if (left == 0) {
        printf("ok\n");
        return 0;
    }
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, wait_for_ever, NULL);
    pthread_create(&threads[2], NULL, again, NULL);
    pause();
    return 1;
}
