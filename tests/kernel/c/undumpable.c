/* Becomes user UID, which makes it not dumpable, and pauses. Line: "ready". */
#define _GNU_SOURCE
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int uid = atoi(argv[1]);
    if (setgroups(0, NULL) || setgid(uid) || setuid(uid) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || argc != 2)
        return 1;
    printf("ready\n");
    fflush(stdout);
    pause();
    return 0;
}
