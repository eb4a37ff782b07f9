"""Numbers, sizes and offsets are those of the C headers, asked of the compiler."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from crimg.kernel import descriptors, inodes, pagemap
from crimg.kernel.descriptors import KCMP_FILE, KCMP_FILES, KCMP_FS, KCMP_SIGHAND, KCMP_VM
from tests.kernel.forked import run_c

if TYPE_CHECKING:
    from pathlib import Path


def test_structures_are_those_of_the_headers(tmp_path: Path) -> None:
    found = run_c(
        tmp_path,
        """
        #define _GNU_SOURCE
        #include <stdio.h>
        #include <fcntl.h>
        #include <sys/ioctl.h>
        #include <sys/stat.h>
        #include <sys/statfs.h>
        #include <sys/syscall.h>
        #include <linux/fs.h>
        #include <linux/kcmp.h>
        #include <asm/termbits.h>
        #define AT(f) printf("statx." #f " %zu\\n", __builtin_offsetof(struct statx, f))
        #define FS(f) printf("statfs." #f " %zu\\n", __builtin_offsetof(struct statfs, f))
        #define NUMBER(n) printf(#n " %ld\\n", (long)n)
        int main(void) {
            AT(stx_mask); AT(stx_attributes); AT(stx_mode); AT(stx_ino); AT(stx_attributes_mask);
            AT(stx_atime); AT(stx_btime); AT(stx_ctime); AT(stx_mtime); AT(stx_rdev_major); AT(stx_mnt_id);
            FS(f_fsid); FS(f_namelen); FS(f_flags);
            printf("statx %zu\\nstatfs %zu\\n", sizeof(struct statx), sizeof(struct statfs));
            printf("handle %zu\\n", sizeof(struct file_handle));
            NUMBER(FS_IOC_GETVERSION); NUMBER(SYS_kcmp); NUMBER(SYS_pidfd_getfd); NUMBER(SYS_statx);
            NUMBER(SYS_name_to_handle_at); NUMBER(SYS_openat2); NUMBER(SYS_fstatfs); NUMBER(SYS_tee);
            NUMBER(KCMP_FILE); NUMBER(KCMP_VM); NUMBER(KCMP_FILES); NUMBER(KCMP_FS); NUMBER(KCMP_SIGHAND);
            NUMBER(TCGETS); NUMBER(TIOCGWINSZ); NUMBER(FIONREAD); NUMBER(F_GETOWN_EX); NUMBER(MAX_HANDLE_SZ);
            NUMBER(AT_EMPTY_PATH); NUMBER(AT_NO_AUTOMOUNT); NUMBER(AT_STATX_DONT_SYNC);
            printf("termios %zu\\n", sizeof(struct termios));
            return 0;
        }
        """,
    )
    assert found == {
        "statx.stx_mask": 0, "statx.stx_attributes": 8, "statx.stx_mode": 28, "statx.stx_ino": 32,
        "statx.stx_attributes_mask": 56, "statx.stx_atime": 64, "statx.stx_btime": 80,
        "statx.stx_ctime": 96, "statx.stx_mtime": 112, "statx.stx_rdev_major": 128,
        "statx.stx_mnt_id": 144, "statx": ctypes.sizeof(inodes._StatxBuffer),
        "statfs.f_fsid": 56, "statfs.f_namelen": 64, "statfs.f_flags": 80, "statfs": inodes._STATFS_SIZE,
        "handle": 8, "FS_IOC_GETVERSION": inodes.FS_IOC_GETVERSION,
        "SYS_kcmp": 312, "SYS_pidfd_getfd": 438, "SYS_statx": 332, "SYS_name_to_handle_at": 303,
        "SYS_openat2": 437, "SYS_fstatfs": 138, "SYS_tee": 276,
        "KCMP_FILE": KCMP_FILE, "KCMP_VM": KCMP_VM, "KCMP_FILES": KCMP_FILES, "KCMP_FS": KCMP_FS,
        "KCMP_SIGHAND": KCMP_SIGHAND, "TCGETS": 0x5401, "TIOCGWINSZ": 0x5413, "FIONREAD": 0x541B,
        "F_GETOWN_EX": descriptors.F_GETOWN_EX, "MAX_HANDLE_SZ": 128,
        "AT_EMPTY_PATH": inodes.AT_EMPTY_PATH, "AT_NO_AUTOMOUNT": inodes.AT_NO_AUTOMOUNT,
        "AT_STATX_DONT_SYNC": inodes.AT_STATX_DONT_SYNC, "termios": 36,
    }  # fmt: skip


def test_numbers_and_sizes_are_those_of_the_headers(tmp_path: Path) -> None:
    found = run_c(
        tmp_path,
        """
        #include <stdio.h>
        #include <linux/fs.h>
        #include <linux/types.h>
        #include <sys/ioctl.h>
        #ifndef PAGEMAP_SCAN
        struct page_region { __u64 start, end, categories; };
        struct pm_scan_arg { __u64 size, flags, start, end, walk_end, vec, vec_len, max_pages,
            category_inverted, category_mask, category_anyof_mask, return_mask; };
        #define PAGEMAP_SCAN _IOWR('f', 16, struct pm_scan_arg)
        #endif
        int main(void) {
            printf("request %#lx\\narg %zu\\nregion %zu\\nanyof %zu\\n", (unsigned long)PAGEMAP_SCAN,
                sizeof(struct pm_scan_arg), sizeof(struct page_region),
                __builtin_offsetof(struct pm_scan_arg, category_anyof_mask));
        #ifdef PAGE_IS_SOFT_DIRTY
            printf("file %d\\npfnzero %d\\nsoft %d\\n", PAGE_IS_FILE, PAGE_IS_PFNZERO, PAGE_IS_SOFT_DIRTY);
        #endif
            return 0;
        }
        """,
    )
    expected = {"request": pagemap.PAGEMAP_SCAN, "arg": 96, "region": 24, "anyof": 80}
    expected |= {"file": pagemap.PAGE_IS_FILE, "pfnzero": pagemap.PAGE_IS_PFNZERO}
    expected["soft"] = pagemap.PAGE_IS_SOFT_DIRTY
    assert found == {name: expected[name] for name in found}
    assert {"request", "arg", "region", "anyof"} <= found.keys()
