/* Counts the signals that it gets. Input lines: any gives the counts back as "NUMBER=COUNT ...", with the
 * sum of the values that came with SIGRTMIN+1 as "sum=N", the mask as "mask=HEX" and the action of SIGTRAP.
 * MODE: handler (SIGTRAP handled), ignored, blocked, pending (blocked, and one sent to itself). */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile int counts[65];
static volatile long sum;

static void count(int signal, siginfo_t *info, void *context)
{
    (void)context;
    counts[signal]++;
    if (signal == SIGRTMIN + 1)
        sum += info->si_value.sival_int;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "handler";
    struct sigaction action = {.sa_sigaction = count, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigset_t set;
    char line[64];
    for (int number = 1; number < 65; number++)
        if (number != SIGKILL && number != SIGSTOP && number != SIGTSTP && number != 32 && number != 33)
            sigaction(number, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGTRAP);
    if (!strcmp(mode, "ignored"))
        signal(SIGTRAP, SIG_IGN);
    if (!strcmp(mode, "blocked") || !strcmp(mode, "pending"))
        sigprocmask(SIG_BLOCK, &set, NULL);
    if (!strcmp(mode, "pending"))
        kill(getpid(), SIGTRAP);
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        unsigned long mask = 0;
        syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
        for (int number = 1; number < 65; number++)
            if (counts[number])
                printf("%d=%d ", number, counts[number]);
        sigaction(SIGTRAP, NULL, &action);
        printf("sum=%ld mask=%lx trap=%s\n", sum, mask,
               action.sa_handler == SIG_IGN ? "ignored" : action.sa_handler == SIG_DFL ? "default" : "handler");
        fflush(stdout);
    }
    return 0;
}
