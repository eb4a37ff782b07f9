/* Counts in a file that it shares with whoever looks: four words, rounds, wrong results, EINTR, short sleeps.
 * Each round computes with integers, floating point, the heap and the stack, all of which have a known result,
 * and sleeps 50 us. Argument: that file. Line: "ready". SIGTRAP is ignored and SIGUSR2 is blocked. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS, WRONG, INTERRUPTED, SHORT };
enum { WORDS = 4096 };

static unsigned long integers(unsigned long *heap)
{
    unsigned long stack[64], x = 88172645463325252UL;
    for (int i = 0; i < 4096; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        stack[i % 64] = x;
        heap[(i * 61) % WORDS] += stack[(i * 7) % 64 % (i + 1)];
        heap[(i * 61) % WORDS] -= stack[(i * 7) % 64 % (i + 1)];
    }
    return x ^ stack[17];
}

static double floats(void)
{
    double a = 1, b = 0.5, c = 3;
    for (int i = 1; i < 2048; i++) {
        a = a * 1.0009765625 + b / i;
        b = b * 0.99951171875 + c / (a + i);
        c = c + a * b * 1e-9;
    }
    return a + b + c;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
    int fd = open(argv[1], O_RDWR | O_CREAT, 0600);
    sigset_t set;
    if (argc != 2 || fd < 0 || ftruncate(fd, 4096) != 0)
        return 1;
    volatile unsigned long *seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    unsigned long *heap = malloc(WORDS * sizeof *heap), expected;
    for (int i = 0; i < WORDS; i++)
        heap[i] = i;
    signal(SIGTRAP, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    double sum = floats();
    expected = integers(heap);
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct timespec time = {0, 50000};
        double start = now();
        if (nanosleep(&time, NULL) != 0)
            seen[errno == EINTR ? INTERRUPTED : WRONG]++;
        if (now() - start < 50)
            seen[SHORT]++;
        if (integers(heap) != expected || floats() != sum || heap[seen[ROUNDS] % WORDS] != seen[ROUNDS] % WORDS)
            seen[WRONG]++;
        seen[ROUNDS]++;
    }
}
