/* vfork(2) whose child takes MS milliseconds before it ends: the parent sleeps uninterruptibly that long.
 * Lines: "ready", then "ok". */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    long ms = atol(argv[1]);
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    printf("ready\n");
    fflush(stdout);
    pid_t child = vfork();
    if (child == 0) {
        nanosleep(&time, NULL);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    printf("ok\n");
    return 0;
}
