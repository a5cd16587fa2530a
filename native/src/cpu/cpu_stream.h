/*
 * What a stream of the CPU backend holds. Plain, as files that are compiled once an instruction set include it: nothing
 * of the standard library may be instantiated in them.
 */
#ifndef SCANFORMER_CPU_STREAM_H
#define SCANFORMER_CPU_STREAM_H

#include "../shared/status.h"
#include "scanformer_backend.h"
#include "team.h"

struct IsaTable;
struct ResizeMemory;
struct OneDnnThreads;

struct CpuStream : sf_stream {
    int threads;
    Team* team;
    const IsaTable* isa;   /* the operations for the stream's instruction set */
    ResizeMemory* resize;  /* of build_pyramid, kept from image to image */
    OneDnnThreads* onednn; /* what oneDNN needs of each thread; null until it is asked */
};

static inline CpuStream* cpu_stream(sf_stream* stream) { return static_cast<CpuStream*>(stream); }

#endif
