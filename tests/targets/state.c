/* Sets much of what a process can have set, and says what the kernel and the C library tell it of it: lines
 * "NAME NUMBER ...", then "ready". Numbers are decimal, or hexadecimal with 0x. Then it sleeps; each line of
 * input is answered with "same" if all of it is still so, and with "changed NAME" for the first that is not. */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/rseq.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct action { unsigned long handler, flags, restorer, mask; };
static char stacks[2][65536];
static char text[1 << 16];
static size_t length;
static pid_t other;
static timer_t timers[4];

static void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    length += vsnprintf(text + length, sizeof text - length, format, arguments);
    va_end(arguments);
}

static void handler(int signal) { (void)signal; }
static void informed(int signal, siginfo_t *info, void *context) { (void)signal, (void)info, (void)context; }

/* What only the thread itself knows. */
static void describe_thread(const char *name)
{
    unsigned long word, mask;
    stack_t stack;
    void *head;
    size_t size;
    int *address;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
    syscall(SYS_arch_prctl, ARCH_GET_FS, &word);
    syscall(SYS_get_robust_list, 0, &head, &size);
    sigaltstack(NULL, &stack);
    prctl(PR_GET_TID_ADDRESS, &address);
    say("%s.tid %ld\n%s.mask 0x%lx\n%s.fs_base 0x%lx\n", name, syscall(SYS_gettid), name, mask, name, word);
    say("%s.robust 0x%lx %zu\n%s.altstack 0x%lx %d %zu\n", name, (long)head, size, name, (long)stack.ss_sp,
        stack.ss_flags, stack.ss_size);
    say("%s.tid_address 0x%lx\n", name, (long)address);
    say("%s.rseq 0x%lx %u\n", name,
        __rseq_size ? (long)__builtin_thread_pointer() + __rseq_offset : 0L, __rseq_size);
}

static void describe_process(void)
{
    length = 0;
    for (int number = 1; number < 65; number++) {
        struct action action;
        syscall(SYS_rt_sigaction, number, NULL, &action, 8);
        if (action.handler || action.flags || action.restorer || action.mask)
            say("action.%d 0x%lx 0x%lx 0x%lx 0x%lx\n", number, action.handler, action.flags, action.restorer,
                action.mask);
    }
    for (int which = 0; which < 3; which++) {
        struct itimerval value;
        getitimer(which, &value);
        say("itimer.%d %ld %d\n", which, value.it_interval.tv_sec * 1000000 + value.it_interval.tv_usec,
            value.it_value.tv_sec || value.it_value.tv_usec);
    }
    for (int index = 0; index < 4; index++) {
        struct itimerspec value;
        timer_gettime(timers[index], &value);
        say("timer.%d %ld %d\n", index, value.it_interval.tv_sec * 1000000000 + value.it_interval.tv_nsec,
            value.it_value.tv_sec || value.it_value.tv_nsec);
    }
    for (int which = 0; which < 16; which++) {
        struct rlimit limit;
        getrlimit(which, &limit);
        say("rlimit.%d 0x%lx 0x%lx\n", which, limit.rlim_cur, limit.rlim_max);
    }
    mode_t mask = umask(0);
    umask(mask);
    say("umask %d\nbrk 0x%lx\ndumpable %d\nsecurebits %d\n", mask, (long)syscall(SYS_brk, 0),
        prctl(PR_GET_DUMPABLE), prctl(PR_GET_SECUREBITS));
    say("nice %d\n", getpriority(PRIO_PROCESS, 0));
    describe_thread("main");
}

static void *second(void *ready)
{
    stack_t stack = {.ss_sp = stacks[1], .ss_size = sizeof stacks[1]};
    sigset_t set;
    sigaltstack(&stack, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGWINCH);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_setname_np(pthread_self(), "second (x) \n");
    describe_thread("second");
    other = syscall(SYS_gettid);
    pthread_barrier_wait(ready);
    for (;;)
        pause();
    return NULL;
}

int main(void)
{
    static char before[sizeof text], line[64];
    struct sigaction action = {.sa_sigaction = informed, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    struct itimerval real = {{1000, 500000}, {2000, 0}}, prof = {{0, 0}, {4000, 250000}};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1};
    struct itimerspec spec = {{7, 5}, {5000, 0}};
    struct rlimit limit = {123, 456};
    stack_t stack = {.ss_sp = stacks[0], .ss_size = sizeof stacks[0]};
    pthread_barrier_t ready;
    pthread_t thread;
    sigset_t set;

    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGHUP);
    sigaddset(&action.sa_mask, SIGRTMAX);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGRTMIN + 1, &action, NULL);
    sigaction(SIGRTMAX, &action, NULL);
    action.sa_flags = SA_RESETHAND | SA_NODEFER;
    action.sa_handler = handler;
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTRAP, SIG_IGN);
    action.sa_handler = SIG_DFL;
    action.sa_flags = SA_NOCLDWAIT;
    sigaction(SIGCHLD, &action, NULL);
    sigaltstack(&stack, NULL);
    umask(0137);
    setrlimit(RLIMIT_CORE, &limit);
    sbrk(123456);

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    sigaddset(&set, SIGRTMIN + 1);
    sigaddset(&set, SIGRTMIN + 2);
    sigaddset(&set, SIGRTMIN + 3);
    sigprocmask(SIG_SETMASK, &set, NULL);
    pthread_barrier_init(&ready, NULL, 2);
    pthread_create(&thread, NULL, second, &ready);
    pthread_barrier_wait(&ready);
    fputs(text, stdout);

    /* pending: for the process, with values; for each thread */
    sigqueue(getpid(), SIGUSR1, (union sigval){.sival_ptr = (void *)0x123456789abcdef0});
    for (int value = 0; value < 3; value++)
        sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = value});
    kill(getpid(), SIGRTMIN + 3);
    pthread_sigqueue(pthread_self(), SIGRTMIN + 2, (union sigval){.sival_int = 77});
    syscall(SYS_tgkill, getpid(), other, SIGRTMIN + 3);

    setitimer(ITIMER_REAL, &real, NULL);
    setitimer(ITIMER_PROF, &prof, NULL);
    event.sigev_value.sival_ptr = (void *)0xfedcba987654321;
    timer_create(CLOCK_MONOTONIC, &event, &timers[0]);
    timer_settime(timers[0], 0, &spec, NULL);
    event.sigev_notify = SIGEV_NONE;
    timer_create(CLOCK_REALTIME, &event, &timers[1]);
    spec.it_interval = (struct timespec){0, 0};
    timer_settime(timers[1], 0, &spec, NULL);
    event.sigev_notify = SIGEV_THREAD_ID;
    event._sigev_un._tid = other;
    timer_create(CLOCK_BOOTTIME, &event, &timers[2]);
    timer_create(CLOCK_PROCESS_CPUTIME_ID, NULL, &timers[3]);
    printf("timers %d %d %d %d\n", *(int *)&timers[0], *(int *)&timers[1], *(int *)&timers[2], *(int *)&timers[3]);

    setvbuf(stdout, malloc(4096), _IOFBF, 4096);
    describe_process();
    fputs(text, stdout);
    puts("ready");
    fflush(stdout);
    memcpy(before, text, sizeof text);
    while (read(0, line, sizeof line) > 0) {
        describe_process();
        if (!memcmp(before, text, sizeof text))
            puts("same");
        for (char *a = strtok(before, "\n"), *b = text; a; a = strtok(NULL, "\n"), b = strchr(b, '\n') + 1)
            if (strncmp(a, b, strlen(a))) {
                printf("changed %s, now %.*s\n", a, (int)strcspn(b, "\n"), b);
                break;
            }
        memcpy(before, text, sizeof text);
        fflush(stdout);
    }
    return 0;
}
