/* Targets with something set that an injected call could stumble over. MODE:
 * seccomp: only what the loop below needs is allowed, else the process is killed
 * mdwe: no memory may become executable (prctl PR_SET_MDWE)
 * dispatch: its own system calls raise SIGSYS, but for those of one stub (prctl PR_SET_SYSCALL_USER_DISPATCH)
 * novdso: the vDSO is unmapped, and the program never sleeps
 * altstack: a signal stack is set, and a rounding mode
 * Lines: "ready"; then for each byte of input "alive N"; at its end "ok". */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile char selector;
static char stack[65536] __attribute__((aligned(64)));

long stub(long number, long a, long b, long c);
extern char stub_end[];
__asm__("stub: mov %rdi, %rax\n mov %rsi, %rdi\n mov %rdx, %rsi\n mov %rcx, %rdx\n syscall\n ret\nstub_end:\n nop\n");

static void filter(void)
{
#define ALLOW(nr) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(SYS_read), ALLOW(SYS_write), ALLOW(SYS_exit_group), ALLOW(SYS_restart_syscall),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int answer(const char *text)
{
    return stub(SYS_write, 1, (long)text, strlen(text)) > 0;
}

int main(int argc, char **argv)
{
    const char *mode = argv[1];
    char text[64];
    if (!strcmp(mode, "mdwe") && prctl(65, 1, 0, 0, 0) != 0)
        return answer("unsupported\n"), 3;
    if (!strcmp(mode, "altstack")) {
        stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
        sigaltstack(&alternate, NULL);
    }
    if (!strcmp(mode, "novdso"))
        munmap((void *)getauxval(AT_SYSINFO_EHDR), 8192);
    if (!strcmp(mode, "seccomp"))
        filter();
    if (!strcmp(mode, "dispatch")) {
        if (prctl(59, 1, (long)stub, stub_end - (char *)stub, &selector) != 0)
            return answer("unsupported\n"), 3;
        selector = 1; /* block */
    }
    answer("ready\n");
    if (!strcmp(mode, "novdso"))
        for (volatile unsigned long i = 0; i < 3000000000; i++)
            ;
    for (int count = 1; stub(SYS_read, 0, (long)text, 1) == 1; count++) {
        strcpy(text, "alive 0\n");
        text[6] += count;
        answer(text);
    }
    if (!strcmp(mode, "altstack")) {
        stack_t now;
        sigaltstack(NULL, &now);
        if (now.ss_sp != stack || now.ss_size != sizeof stack || now.ss_flags != 0)
            return answer("bad\n"), 1;
    }
    answer("ok\n");
    stub(SYS_exit_group, 0, 0, 0);
    return 0;
}
