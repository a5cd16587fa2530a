/* What oneDNN needs of a stream and of each of its threads. */
#ifndef SCANFORMER_CPU_ONEDNN_THREADS_H
#define SCANFORMER_CPU_ONEDNN_THREADS_H

#include <dnnl.hpp>
#include <unordered_map>
#include <vector>

#include "cpu_stream.h"
#include "memory.h"

/* A product's arrays as oneDNN takes them, kept so that a call makes none; their addresses change from call to call. */
struct ProductArguments {
    dnnl::memory x;
    dnnl::memory weight;
    dnnl::memory bias;
    dnnl::memory y;
    dnnl::memory scratchpad;
};

/* A thread that runs pieces of products. */
struct ProductThread {
    dnnl::stream stream;
    Scratch scratchpad;
    std::unordered_map<uint64_t, ProductArguments> products; /* by the product that they are for */
};

struct OneDnnThreads {
    /* Throws dnnl::error or std::bad_alloc. */
    explicit OneDnnThreads(int threads);

    dnnl::engine engine;
    std::vector<ProductThread> threads;
};

/* A stream's; made for its first product by oneDNN, as a stream may have none. Throws dnnl::error or std::bad_alloc. */
OneDnnThreads& onednn_threads(CpuStream* stream);

#endif
