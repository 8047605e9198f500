/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef IMMURE_BPF_KERNEL_TYPES_BPF_H
#define IMMURE_BPF_KERNEL_TYPES_BPF_H

/*
 * The few fields of the kernel that we read. Only names and types count: where a field is, libbpf
 * finds in the running kernel's BTF (CO-RE), so one object serves 6.1 to 6.18.
 */

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
	unsigned long r10, r9, r8, ax, dx, si, di, orig_ax;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct bpf_local_storage_data {
	void *smap;
	__u8 data[1];
};

struct bpf_local_storage_elem {
	struct hlist_node snode;
	struct bpf_local_storage_data sdata;
};

struct bpf_local_storage {
	struct hlist_head list;
};

struct thread_info {
	__u32 status;
};

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

struct nsproxy {
	struct net *net_ns;
};

struct super_block {
	__u32 s_dev;
	unsigned long s_flags;
};

struct inode {
	unsigned short i_mode;
	struct super_block *i_sb;
	unsigned long i_ino;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	unsigned int f_mode, f_flags;
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct mm_struct {
	unsigned long arg_start, arg_end;
};

struct signal_struct {
	struct {
		int counter;
	} live;
};

struct seccomp {
	int mode;
};

struct task_struct {
	struct thread_info thread_info;
	int pid, tgid;
	int exit_code;
	struct task_struct *real_parent;
	struct mm_struct *mm;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	const struct cred *real_cred;
	struct signal_struct *signal;
	struct seccomp seccomp;
	struct bpf_local_storage *bpf_storage;
};

struct cred {
	struct {
		__u64 bits; /* struct kernel_cap_struct: its shape changed, its bytes did not */
	} cap_effective;
};

struct kernel_siginfo {
	int si_signo;
};

struct sockaddr {
	unsigned short sa_family;
};

struct linux_binprm {
	struct file *file;
	const char *filename;
};

struct in6_addr {
	struct {
		__u8 u6_addr8[16];
	} in6_u;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	__u32 skc_daddr, skc_rcv_saddr;
	__u16 skc_dport, skc_num;
	unsigned short skc_family;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
};

struct socket {
	struct sock *sk;
};

struct inet_sock {
	__u16 inet_sport;
};

struct tcp_sock {
	__u64 bytes_sent, bytes_retrans, bytes_received;
};

struct sk_buff {
	struct sock *sk;
	unsigned int len;
	__u16 protocol, network_header;
	unsigned char *head;
};

struct io_kiocb {
	__u8 opcode;
};

#pragma clang attribute pop

#endif
