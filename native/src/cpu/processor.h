/* What this process's processor can do. */
#ifndef SCANFORMER_CPU_PROCESSOR_H
#define SCANFORMER_CPU_PROCESSOR_H

#include <string>

/* The highest x86-64 level that it supports: 1, 3 or 4. */
int processor_level();

/* Whether it has AVX512-BF16. */
bool processor_has_bf16();

/* Threads that this process may run at a time. */
int available_threads();

std::string processor_name();

#endif
