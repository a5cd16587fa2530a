/* Tells the processor that a loop waits for another thread: it then leaves more to the other threads of its core. */
#ifndef SCANFORMER_CPU_SPIN_PAUSE_H
#define SCANFORMER_CPU_SPIN_PAUSE_H

static inline void spin_pause() {
#if defined(__aarch64__)
    /* ISB holds the thread up for about as long as x86's pause does; YIELD does nothing on most processors. */
    asm volatile("isb" ::: "memory");
#else
    __builtin_ia32_pause();
#endif
}

#endif
