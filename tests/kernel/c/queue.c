/* Sends PID the signal NUMBER with a VALUE (sigqueue(3)), TIMES times, 50 us apart. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    union sigval value = {.sival_int = atoi(argv[3])};
    for (long times = argc > 4 ? atol(argv[4]) : 1; times > 0; times--) {
        while (sigqueue(atoi(argv[1]), atoi(argv[2]), value) != 0)
            if (errno != EAGAIN)
                return 1;
        if (times > 1)
            usleep(50);
    }
    return 0;
}
