/* Prints what the system's own headers say: "NAME VALUE" lines, for test_constants.py to compare with. */
#define _GNU_SOURCE
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <errno.h>
#include <linux/elf.h>
#include <linux/ptrace.h>
#include <linux/rseq.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>

#define P(name) printf("%s %lld\n", #name, (long long)(name))
#define REG(field) printf("reg.%s %zu\n", #field, offsetof(struct user_regs_struct, field))
#define SC(field) printf("sigcontext.%s %zu\n", #field, offsetof(struct sigcontext_64, field))

/* The kernel's own layout (arch/x86/include/uapi/asm/ucontext.h, asm/sigframe.h); glibc's differs behind. */
typedef struct { void *ss_sp; int ss_flags; size_t ss_size; } kernel_stack_t;
struct kernel_ucontext {
    unsigned long uc_flags;
    void *uc_link;
    kernel_stack_t uc_stack;
    struct sigcontext_64 uc_mcontext;
    unsigned long uc_sigmask;
};
struct rt_sigframe { char *pretcode; struct kernel_ucontext uc; char info[128]; };

int main(void)
{
    P(PTRACE_POKEDATA); P(PTRACE_CONT); P(PTRACE_DETACH); P(PTRACE_SYSCALL); P(PTRACE_SETOPTIONS);
    P(PTRACE_GETSIGINFO); P(PTRACE_GETREGSET); P(PTRACE_SETREGSET); P(PTRACE_SEIZE); P(PTRACE_INTERRUPT);
    P(PTRACE_LISTEN); P(PTRACE_PEEKSIGINFO); P(PTRACE_GETSIGMASK); P(PTRACE_SETSIGMASK);
    P(PTRACE_GET_RSEQ_CONFIGURATION); P(PTRACE_O_TRACESYSGOOD); P(PTRACE_O_SUSPEND_SECCOMP);
    P(PTRACE_EVENT_STOP); P(PTRACE_PEEKSIGINFO_SHARED);
#ifdef PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG
    P(PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG); P(PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG);
    printf("size.ptrace_sud_config %zu\n", sizeof(struct ptrace_sud_config));
#endif
    P(NT_PRSTATUS); P(NT_X86_XSTATE);
    P(SYS_ptrace); P(SYS_process_vm_readv); P(SYS_get_robust_list); P(SYS_mmap); P(SYS_mprotect); P(SYS_munmap);
    P(SYS_rt_sigreturn); P(SYS_restart_syscall);
    printf("prot.rw %d\nprot.rx %d\n", PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC);
    printf("map.anonymous %d\n", MAP_PRIVATE | MAP_ANONYMOUS);

    printf("size.iovec %zu\nsize.siginfo %zu\n", sizeof(struct iovec), sizeof(siginfo_t));
    printf("size.user_regs_struct %zu\n", sizeof(struct user_regs_struct));
    printf("size.ptrace_rseq_configuration %zu\n", sizeof(struct ptrace_rseq_configuration));
    printf("offset.rseq_cs %zu\n", offsetof(struct rseq, rseq_cs));
    printf("offset.rseq_cs.start_ip %zu\n", offsetof(struct rseq_cs, start_ip));
    printf("offset.rseq_cs.post_commit_offset %zu\n", offsetof(struct rseq_cs, post_commit_offset));
    printf("offset.rseq_cs.abort_ip %zu\n", offsetof(struct rseq_cs, abort_ip));
    REG(r15); REG(r14); REG(r13); REG(r12); REG(rbp); REG(rbx); REG(r11); REG(r10); REG(r9); REG(r8); REG(rax);
    REG(rcx); REG(rdx); REG(rsi); REG(rdi); REG(orig_rax); REG(rip); REG(cs); REG(eflags); REG(rsp); REG(ss);
    REG(fs_base); REG(gs_base); REG(ds); REG(es); REG(fs); REG(gs);
    printf("frame.size %zu\n", sizeof(struct rt_sigframe));
    printf("frame.uc_flags %zu\n", offsetof(struct rt_sigframe, uc.uc_flags));
    printf("frame.ss_flags %zu\n", offsetof(struct rt_sigframe, uc.uc_stack.ss_flags));
    printf("frame.mcontext %zu\n", offsetof(struct rt_sigframe, uc.uc_mcontext));
    printf("frame.sigmask %zu\n", offsetof(struct rt_sigframe, uc.uc_sigmask));
    SC(r8); SC(r9); SC(r10); SC(r11); SC(r12); SC(r13); SC(r14); SC(r15); SC(di); SC(si); SC(bp); SC(bx); SC(dx);
    SC(ax); SC(cx); SC(sp); SC(ip); SC(flags); SC(cs); SC(ss); SC(fpstate);
    P(FP_XSTATE_MAGIC1); P(FP_XSTATE_MAGIC2);
    printf("size.fpx_sw_bytes %zu\n", sizeof(struct _fpx_sw_bytes));
    printf("offset.sw_reserved %zu\n", offsetof(struct _fpstate_64, sw_reserved));
    printf("offset.xstate_header %zu\n", offsetof(struct _xstate, xstate_hdr));
    return 0;
}
