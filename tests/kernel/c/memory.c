/* Mappings to be read: every 8 bytes hold their own address. Line: "ready NAME=ADDRESS ...". */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char *filled(size_t pages)
{
    char *base = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (char **word = (char **)base; (char *)word < base + pages * 4096; word++)
        *word = (char *)word;
    return base;
}

int main(void)
{
    char *plain = filled(4097), *none = filled(4), *writeonly = filled(4), *border = filled(4), *hole = filled(4);
    char *scribble = filled(1);
    memset(scribble, 0, 4096);
    mprotect(none, 4 * 4096, PROT_NONE);
    mprotect(writeonly, 4 * 4096, PROT_WRITE);
    mprotect(border + 2 * 4096, 2 * 4096, PROT_NONE);
    munmap(hole + 2 * 4096, 4096);
    printf("ready plain=%p none=%p writeonly=%p border=%p hole=%p scribble=%p code=%p\n", (void *)plain, (void *)none,
           (void *)writeonly, (void *)(border + 2 * 4096), (void *)(hole + 2 * 4096), (void *)scribble, (void *)main);
    fflush(stdout);
    for (;;)
        pause();
}
