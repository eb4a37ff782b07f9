/* Children that share some of what a process has: one for each set of clone(2) flags. Each waits for a signal.

   Prints "ready" and their pids in this order: CLONE_FILES, CLONE_FS, CLONE_VM | CLONE_SIGHAND, nothing. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char stacks[4][1 << 16] __attribute__((aligned(16)));

static int wait_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return 0;
}

int main(void)
{
	static const int flags[4] = { CLONE_FILES, CLONE_FS, CLONE_VM | CLONE_SIGHAND, 0 };
	int pids[4], i;

	if (open("file", O_RDWR | O_CREAT, 0600) < 0)
		return 1;
	for (i = 0; i < 4; i++) {
		pids[i] = clone(wait_for_ever, stacks[i] + sizeof stacks[i], flags[i] | SIGCHLD, NULL);
		if (pids[i] < 0)
			return 2;
	}
	printf("ready %d %d %d %d\n", pids[0], pids[1], pids[2], pids[3]);
	fflush(stdout);
	wait_for_ever(NULL);
	return 0;
}
