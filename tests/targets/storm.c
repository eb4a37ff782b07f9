/* Workers that fork, clone, open and exit as fast as they can, each checking what comes back.

   storm COUNT WORKERS: the file COUNT is mapped shared; per worker four words: rounds, wrong statuses, failed
   calls, wrong contents. Prints "ready" once all run. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void *nothing(void *argument)
{
	return argument;
}

static void round_of(volatile uint64_t *words, const char *name)
{
	unsigned status_wanted = words[0] % 100;
	pthread_t thread;
	int status, fd;
	uint64_t back = 0;
	void *result;
	pid_t pid = fork();

	if (pid == 0) {
		pid_t inner = fork();
		if (inner == 0)
			_exit(0);
		_exit(inner > 0 && waitpid(inner, &status, 0) == inner && status == 0 ? (int)status_wanted : 101);
	}
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (pid < 0 || fd < 0 || write(fd, (void *)words, 8) != 8 || pread(fd, &back, 8, 0) != 8)
		words[2]++;
	if (back != words[0])
		words[3]++;
	if (fd >= 0)
		close(fd);
	unlink(name);
	if (pthread_create(&thread, NULL, nothing, (void *)words) || pthread_join(thread, &result) ||
	    result != (void *)words)
		words[2]++;
	if (pid > 0 && (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
			WEXITSTATUS(status) != (int)status_wanted))
		words[1]++;
	words[0]++;
}

int main(int argc, char **argv)
{
	int workers = argc > 2 ? atoi(argv[2]) : 1, i;
	int fd = open(argv[1], O_RDWR | O_CREAT, 0600);
	char name[32];
	volatile uint64_t *words;

	if (fd < 0 || ftruncate(fd, 4096))
		return 1;
	words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (words == MAP_FAILED)
		return 2;
	for (i = 0; i < workers; i++)
		if (fork() == 0) {
			snprintf(name, sizeof name, "scratch%d", i);
			for (;;)
				round_of(words + 4 * i, name);
		}
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}
