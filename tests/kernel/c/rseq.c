/* A restartable sequence that takes some 300 ms, again and again. Words in memory: committed, aborted.
 * Line: "ready COMMITTED_ADDRESS ABORTED_ADDRESS START END", all hexadecimal. Without rseq: "unsupported". */
#define _GNU_SOURCE
#include <linux/rseq.h>
#include <stdio.h>
#include <sys/rseq.h>

volatile unsigned long committed, aborted;
extern struct rseq_cs sequence;
extern char sequence_start[], sequence_end[];
long attempt(struct rseq *area, unsigned long spins); /* 1 where it was committed */

__asm__(".pushsection .data\n .balign 32\nsequence: .long 0, 0\n"
        ".quad sequence_start, sequence_end - sequence_start, sequence_abort\n.popsection\n"
        ".globl attempt\nattempt:\n lea sequence(%rip), %rax\n mov %rax, 8(%rdi)\n"
        "sequence_start:\n 1: dec %rsi\n jnz 1b\n incq committed(%rip)\n"
        "sequence_end:\n mov $1, %eax\n ret\n"
        ".byte 0x0f, 0xb9, 0x3d\n .long 0x53053053\n" /* the signature that glibc registers */
        "sequence_abort:\n incq aborted(%rip)\n xor %eax, %eax\n ret\n");

int main(void)
{
    if (__rseq_size == 0) {
        puts("unsupported");
        return 3;
    }
    struct rseq *area = (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
    printf("ready %lx %lx %lx %lx\n", (long)&committed, (long)&aborted, (long)sequence_start, (long)sequence_end);
    fflush(stdout);
    for (;;)
        attempt(area, 1000000000);
}
