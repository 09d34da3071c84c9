#pragma once
/// What clang's -Wthread-safety checks; nothing for other compilers.
#if defined(__clang__)
#define KAZOO_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define KAZOO_THREAD_ANNOTATION(x)
#endif

#define KAZOO_CAPABILITY(name) KAZOO_THREAD_ANNOTATION(capability(name))
#define KAZOO_SCOPED_CAPABILITY KAZOO_THREAD_ANNOTATION(scoped_lockable)
#define KAZOO_GUARDED_BY(m) KAZOO_THREAD_ANNOTATION(guarded_by(m))
#define KAZOO_PT_GUARDED_BY(m) KAZOO_THREAD_ANNOTATION(pt_guarded_by(m))
#define KAZOO_REQUIRES(...) KAZOO_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define KAZOO_EXCLUDES(...) KAZOO_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define KAZOO_ACQUIRE(...) KAZOO_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define KAZOO_TRY_ACQUIRE(...) KAZOO_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define KAZOO_RELEASE(...) KAZOO_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define KAZOO_RETURN_CAPABILITY(m) KAZOO_THREAD_ANNOTATION(lock_returned(m))
#define KAZOO_NO_THREAD_SAFETY_ANALYSIS KAZOO_THREAD_ANNOTATION(no_thread_safety_analysis)
