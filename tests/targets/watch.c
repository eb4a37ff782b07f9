/* One thread for each KIND, which makes the same sleeping system call again and again, and counts in the file
 * FILE how often it came back (word 0 of its four), with EINTR (1), too early (2), with another result than it
 * should (3). Line: "ready". No signal is ever sent to it: an EINTR is always the dumper's. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS, INTERRUPTED, EARLY, WRONG };
#define MILLISECONDS 7

static volatile unsigned long (*seen)[4];
static char **kinds;
static int ends[2];
static pthread_barrier_t barrier;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static struct timespec in(clockid_t clock, long ms)
{
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_nsec += ms * 1000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

static int failed(long result) { return result == -1 ? errno : result == 0 ? 0 : -1; }

static void *run(void *argument)
{
    long index = (long)argument;
    const char *kind = kinds[index];
    struct timespec rel = {0, MILLISECONDS * 1000000}, abs;
    struct timeval val = {0, MILLISECONDS * 1000};
    int word = 7, expected = 0, pair[2] = {-1, -1}, fd = -1;
    char byte = 0;
    sigset_t set;
    struct epoll_event event = {.events = EPOLLIN};
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    if (strstr(kind, "epoll"))
        fd = epoll_create1(0);
    if (!strcmp(kind, "timerfd"))
        fd = timerfd_create(CLOCK_MONOTONIC, 0);
    if (strstr(kind, "timeout")) {
        socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
        setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &val, sizeof val);
    }
    pthread_barrier_wait(&barrier);
    for (;;) {
        int error = 0, timed = 1;
        double start = now();
        struct itimerspec once = {{0, 0}, rel};
        unsigned long ticks;
        errno = 0;
        if (!strcmp(kind, "nanosleep"))
            error = failed(syscall(SYS_nanosleep, &rel, NULL));
        else if (!strcmp(kind, "clock_nanosleep"))
            error = failed(syscall(SYS_clock_nanosleep, CLOCK_BOOTTIME, 0, &rel, NULL));
        else if (!strcmp(kind, "clock_nanosleep_abs")) {
            abs = in(CLOCK_MONOTONIC, MILLISECONDS);
            error = failed(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &abs, NULL));
        } else if (!strcmp(kind, "poll"))
            error = failed(poll(NULL, 0, MILLISECONDS));
        else if (!strcmp(kind, "ppoll"))
            error = failed(ppoll(NULL, 0, &rel, NULL));
        else if (!strcmp(kind, "select"))
            error = failed(select(0, NULL, NULL, NULL, &val)), val = (struct timeval){0, MILLISECONDS * 1000};
        else if (!strcmp(kind, "futex"))
            error = failed(syscall(SYS_futex, &word, FUTEX_WAIT, 7, &rel, NULL, 0)), expected = ETIMEDOUT;
        else if (!strcmp(kind, "condition")) {
            abs = in(CLOCK_REALTIME, MILLISECONDS);
            pthread_mutex_lock(&mutex);
            error = pthread_cond_timedwait(&condition, &mutex, &abs), expected = ETIMEDOUT;
            pthread_mutex_unlock(&mutex);
        } else if (!strcmp(kind, "sem_timedwait")) {
            abs = in(CLOCK_REALTIME, MILLISECONDS);
            error = failed(sem_timedwait(&semaphore, &abs)), expected = ETIMEDOUT;
        } else if (!strcmp(kind, "sigtimedwait"))
            error = failed(sigtimedwait(&set, NULL, &rel)), expected = EAGAIN;
        else if (!strcmp(kind, "epoll_wait"))
            error = failed(epoll_wait(fd, &event, 1, MILLISECONDS));
        else if (!strcmp(kind, "epoll_pwait"))
            error = failed(epoll_pwait(fd, &event, 1, MILLISECONDS, NULL));
        else if (!strcmp(kind, "recv_timeout"))
            error = failed(recv(pair[0], &byte, 1, 0)), expected = EAGAIN;
        else if (!strcmp(kind, "read_timeout"))
            error = failed(read(pair[0], &byte, 1)), expected = EAGAIN;
        else if (!strcmp(kind, "timerfd")) {
            timerfd_settime(fd, 0, &once, NULL);
            error = read(fd, &ticks, 8) == 8 ? 0 : errno;
        } else if (!strcmp(kind, "read"))
            error = read(ends[0], &byte, 1) == 1 ? 0 : errno, timed = 0;
        else if (!strcmp(kind, "write")) { /* wakes "read" up */
            error = failed(clock_nanosleep(CLOCK_MONOTONIC, 0, &rel, NULL));
            if (write(ends[1], &byte, 1) != 1)
                error = errno;
        } else {
            fprintf(stderr, "no kind %s\n", kind);
            exit(2);
        }
        if (error == EINTR)
            seen[index][INTERRUPTED]++;
        else if (error != expected)
            seen[index][WRONG]++;
        /* coarse clocks of poll and the like may round: a tenth of a millisecond of grace */
        if (timed && now() - start < MILLISECONDS - 0.1)
            seen[index][EARLY]++;
        seen[index][ROUNDS]++;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    int fd = open(argv[1], O_RDWR | O_CREAT, 0600), count = argc - 2;
    pthread_t thread;
    sigset_t set;
    if (fd < 0 || ftruncate(fd, 4096) != 0 || pipe(ends) != 0)
        return 1;
    kinds = argv + 2;
    seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2); /* for sigtimedwait: blocked everywhere */
    sigprocmask(SIG_BLOCK, &set, NULL);
    pthread_barrier_init(&barrier, NULL, count);
    for (long i = 1; i < count; i++)
        pthread_create(&thread, NULL, run, (void *)i);
    puts("ready");
    fflush(stdout);
    run((void *)0);
}
