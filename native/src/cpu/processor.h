/* What this process's processor can do. Per architecture, in a folder of its own, but for the number of threads. */
#ifndef SCANFORMER_CPU_PROCESSOR_H
#define SCANFORMER_CPU_PROCESSOR_H

#include <string>

#include "isa_table.h"

/* An instruction set that the operations are compiled for. */
struct Isa {
    int level; /* as sf_stream_create takes it */
    const char* name;
    const IsaTable* table;
};

/* The instruction sets that the processor supports, from the lowest level to the best. There is at least one. */
struct IsaList {
    const Isa* first;
    int count;
};
IsaList processor_isas();

/* Whether oneDNN has fast products in bf16 for it. */
bool processor_has_bf16();

/* Threads that this process may run at a time. */
int available_threads();

std::string processor_name();

#endif
