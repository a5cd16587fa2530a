/* A linear layer, in one of the ways that the CPU backend has of multiplying. */
#ifndef SCANFORMER_CPU_LINEAR_H
#define SCANFORMER_CPU_LINEAR_H

#include <cstdint>
#include <memory>
#include <vector>

#include "cpu_stream.h"
#include "memory.h"
#include "scanformer_cpu.h"

struct sf_linear {
    virtual ~sf_linear() = default;

    /* Bytes of weights and bias. */
    virtual int64_t bytes() const = 0;

    /* sf_linear_apply with valid arguments and rows > 0. Throws dnnl::error or std::bad_alloc. */
    virtual void apply(CpuStream* stream, int rows, const void* x, int activation, int y_type, void* y) = 0;
};

/* By the stream's own kernel for products in fp32, where it has one: isa->panel_matmul is not NULL. */
std::unique_ptr<sf_linear> panel_linear(CpuStream* stream, int out, int in, const float* weight, const float* bias);

/* By oneDNN, in `type`. */
std::unique_ptr<sf_linear> onednn_linear(CpuStream* stream, int out, int in, const float* weight, const float* bias,
                                         int type);

#endif
