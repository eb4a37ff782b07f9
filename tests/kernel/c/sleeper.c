/* One sleeping system call, KIND of it, MS milliseconds long where it has a timeout.
 * Lines: "ready", then "RESULT ERRNO ELAPSED_MS" as the program saw it. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void nothing(int signal) { (void)signal; }

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static struct timespec in(long ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    return t;
}

int main(int argc, char **argv)
{
    const char *kind = argv[1];
    long ms = atol(argv[2]);
    struct timespec rel = {ms / 1000, ms % 1000 * 1000000}, abs;
    struct timeval val = {ms / 1000, ms % 1000 * 1000};
    int pair[2], word = 7, epoll = epoll_create1(0);
    char byte;
    long result = -2;
    sigset_t set, empty;
    struct epoll_event event = {.events = EPOLLIN};
    sigemptyset(&set);
    sigemptyset(&empty);
    sigaddset(&set, SIGUSR2);
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGUSR1, &action, NULL); /* no SA_RESTART */
    printf("ready\n");
    fflush(stdout);
    double start = now();
    errno = 0;
    if (!strcmp(kind, "nanosleep"))
        result = syscall(SYS_nanosleep, &rel, NULL);
    else if (!strcmp(kind, "clock_nanosleep"))
        result = syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &rel, NULL);
    else if (!strcmp(kind, "clock_nanosleep_abs")) {
        abs = in(ms);
        result = syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &abs, NULL);
    } else if (!strcmp(kind, "poll"))
        result = poll(NULL, 0, ms);
    else if (!strcmp(kind, "ppoll"))
        result = ppoll(NULL, 0, &rel, &empty);
    else if (!strcmp(kind, "select"))
        result = select(0, NULL, NULL, NULL, &val);
    else if (!strcmp(kind, "futex"))
        result = syscall(SYS_futex, &word, FUTEX_WAIT, 7, &rel, NULL, 0);
    else if (!strcmp(kind, "futex_bitset")) {
        abs = in(ms);
        result = syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 7, &abs, NULL, ~0);
    } else if (!strcmp(kind, "epoll_wait"))
        result = syscall(SYS_epoll_wait, epoll, &event, 1, ms);
    else if (!strcmp(kind, "epoll_pwait"))
        result = syscall(SYS_epoll_pwait, epoll, &event, 1, ms, &empty, 8);
    else if (!strcmp(kind, "epoll_pwait2"))
        result = syscall(SYS_epoll_pwait2, epoll, &event, 1, &rel, &empty, 8);
    else if (!strcmp(kind, "sigtimedwait"))
        result = sigtimedwait(&set, NULL, &rel);
    else if (!strcmp(kind, "semtimedop")) {
        int sem = semget(IPC_PRIVATE, 1, 0600);
        struct sembuf down = {0, -1, 0};
        result = semtimedop(sem, &down, 1, &rel);
        int saved = errno;
        semctl(sem, 0, IPC_RMID);
        errno = saved;
    } else if (!strcmp(kind, "recv_timeout")) {
        setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &val, sizeof val);
        result = recv(pair[0], &byte, 1, 0);
    } else if (!strcmp(kind, "read_timeout")) {
        setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &val, sizeof val);
        result = read(pair[0], &byte, 1);
    } else if (!strcmp(kind, "accept_timeout")) {
        int listener = socket(AF_UNIX, SOCK_STREAM, 0);
        struct sockaddr_un name = {AF_UNIX, ""};
        bind(listener, (struct sockaddr *)&name, sizeof(sa_family_t)); /* an abstract name of the kernel's choice */
        listen(listener, 1);
        setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &val, sizeof val);
        result = accept(listener, NULL, NULL);
    } else if (!strcmp(kind, "timerfd")) {
        struct itimerspec spec = {{0, 0}, rel};
        unsigned long ticks;
        int timer = timerfd_create(CLOCK_MONOTONIC, 0);
        timerfd_settime(timer, 0, &spec, NULL);
        result = read(timer, &ticks, 8);
    } else if (!strcmp(kind, "read")) /* the rest wait for the test: a byte, or SIGUSR1 */
        result = read(0, &byte, 1);
    else if (!strcmp(kind, "epoll_read")) {
        epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event);
        result = syscall(SYS_epoll_wait, epoll, &event, 1, -1);
    } else if (!strcmp(kind, "pause"))
        result = pause();
    else if (!strcmp(kind, "sigsuspend"))
        result = sigsuspend(&empty);
    else if (!strcmp(kind, "epoll_signal"))
        result = syscall(SYS_epoll_pwait, epoll, &event, 1, -1, &empty, 8);
    else if (!strcmp(kind, "epoll_masked")) {
        sigset_t usr1;
        sigemptyset(&usr1);
        sigaddset(&usr1, SIGUSR1);
        sigprocmask(SIG_BLOCK, &usr1, NULL); /* only open to it inside the call: the race-free way to wait */
        result = syscall(SYS_epoll_pwait, epoll, &event, 1, -1, &empty, 8);
    }
    int error = errno;
    printf("%ld %d %.0f\n", result, result == -1 ? error : 0, now() - start);
    return 0;
}
