/* Keeps known values in its registers and its red zone, and looks at them all the time.
 * Lines: "ready", then at the end of input "ok ROUNDS" (exit 0), or "bad WHICH" (exit 1) at once.
 * ROUNDS is also in a word whose address stands behind "ready", so that progress can be seen from outside. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

volatile unsigned long rounds;
unsigned char pattern[32] __attribute__((aligned(32)));

/* rax: scratch. Returns 0, or which register was not what it was set to. */
long sse_round(long spins);
long avx_round(long spins);

#define GENERAL_SET \
    "mov $0x1001, %rbx\n mov $0x1002, %rcx\n mov $0x1003, %rdx\n mov $0x1004, %rsi\n mov $0x1006, %rbp\n" \
    "mov $0x1008, %r8\n mov $0x1009, %r9\n mov $0x100a, %r10\n mov $0x100b, %r11\n mov $0x100c, %r12\n" \
    "mov $0x100d, %r13\n mov $0x100e, %r14\n mov $0x100f, %r15\n" \
    "movq $0x7001, -8(%rsp)\n movq $0x7002, -64(%rsp)\n movq $0x7003, -128(%rsp)\n"
#define CHECK(number, value, place) "mov $" number ", %eax\n cmpq $" value ", " place "\n jne 9f\n"
#define GENERAL_CHECK \
    CHECK("1", "0x1001", "%rbx") CHECK("2", "0x1002", "%rcx") CHECK("3", "0x1003", "%rdx") \
    CHECK("4", "0x1004", "%rsi") CHECK("6", "0x1006", "%rbp") CHECK("8", "0x1008", "%r8") \
    CHECK("9", "0x1009", "%r9") CHECK("10", "0x100a", "%r10") CHECK("11", "0x100b", "%r11") \
    CHECK("12", "0x100c", "%r12") CHECK("13", "0x100d", "%r13") CHECK("14", "0x100e", "%r14") \
    CHECK("15", "0x100f", "%r15") CHECK("31", "0x7001", "-8(%rsp)") CHECK("32", "0x7002", "-64(%rsp)") \
    CHECK("33", "0x7003", "-128(%rsp)")
#define ENTER "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
#define LEAVE "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n"
#define SSE_SET(n) "movdqa pattern(%rip), %xmm" #n "\n"
#define SSE_CHECK(n) "mov $10" #n ", %eax\n movdqa %xmm" #n ", %xmm15\n pxor pattern(%rip), %xmm15\n" \
    "ptest %xmm15, %xmm15\n jnz 9f\n"
#define AVX_SET(n) "vmovdqa pattern(%rip), %ymm" #n "\n"
#define AVX_CHECK(n) "mov $20" #n ", %eax\n vxorps pattern(%rip), %ymm" #n ", %ymm15\n" \
    "vptest %ymm15, %ymm15\n jnz 9f\n"
#define ALL(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11) M(12) M(13) M(14)

__asm__(".globl sse_round\nsse_round:\n" ENTER GENERAL_SET ALL(SSE_SET)
        "1:\n" GENERAL_CHECK ALL(SSE_CHECK) "incq rounds(%rip)\n dec %rdi\n jnz 1b\n xor %eax, %eax\n"
        "9:\n" LEAVE);
__asm__(".globl avx_round\navx_round:\n" ENTER GENERAL_SET ALL(AVX_SET)
        "1:\n" GENERAL_CHECK ALL(AVX_CHECK) "incq rounds(%rip)\n dec %rdi\n jnz 1b\n xor %eax, %eax\n"
        "9:\n vzeroupper\n" LEAVE);

int main(void)
{
    unsigned int control = 0x3f80, seen; /* rounds towards minus infinity */
    struct pollfd input = {0, POLLIN, 0};
    for (int i = 0; i < 32; i++)
        pattern[i] = 0xa0 + i;
    __asm__ volatile("ldmxcsr %0" ::"m"(control));
    printf("ready %p\n", (void *)&rounds);
    fflush(stdout);
    while (poll(&input, 1, 0) == 0) {
        long bad = __builtin_cpu_supports("avx") ? avx_round(200000) : sse_round(200000);
        __asm__ volatile("stmxcsr %0" : "=m"(seen));
        if (bad == 0 && (seen & 0xffc0) != (control & 0xffc0))
            bad = 99;
        if (bad) {
            printf("bad %ld\n", bad);
            return 1;
        }
    }
    printf("ok %lu\n", rounds);
    return 0;
}
