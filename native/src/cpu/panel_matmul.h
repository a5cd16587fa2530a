/* The matrix product in fp32 by our own kernel, whose weights lie in panels. */
#ifndef SCANFORMER_CPU_PANEL_MATMUL_H
#define SCANFORMER_CPU_PANEL_MATMUL_H

#include "team.h"

/* A product of fewer multiply-adds is done by one thread: sharing it costs about as much. */
enum { PARALLEL_MULTIPLY_ADDS = 1 << 19 };

/* The instruction sets for which there is the kernel. With others of x86-64 oneDNN is as fast. */
#if defined(__AVX512F__) || defined(__aarch64__)
#define SF_PANEL_MATMUL
#endif

/* Outputs of a panel of weights: four vectors, as many as leave room in the registers for the sums of six rows. */
#if defined(__aarch64__)
enum { PANEL = 16 };
#else
enum { PANEL = 64 };
#endif

/* y = activation(x weight^T + bias), multiplied in fp32. */
struct PanelProduct {
    int rows;
    int in;
    int out;
    const float* x;      /* [rows, in] */
    const float* panels; /* [ceil(out / PANEL)][in][PANEL], zero after the last output */
    const float* bias;   /* [out], or NULL */
    int activation;
    int y_type;
    void* y; /* [rows, out] of y_type */
};

typedef void (*PanelMatmul)(const PanelProduct& task, Team* team);

#endif
