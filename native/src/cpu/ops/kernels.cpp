/*
 * All vectorised operations for one instruction set. Compiled once for each, with SF_KERNELS naming the table and
 * SF_ISA_LEVEL the x86-64 level. Nothing from the standard library is instantiated here: the linker keeps one copy of a
 * template, and one compiled for a newer instruction set must not end up in code for an older one.
 */
#include "common.h"

namespace {
/* clang-format off */
#include "pyramid.h"
#include "gather.h"
#include "layer_norm.h"
#include "embed.h"
#include "append_kv.h"
#include "attention.h"
#if SF_ISA_LEVEL >= 4
#include "product.h"
#endif
/* clang-format on */
}  // namespace

extern const Kernels SF_KERNELS = {
    resize,  halve, gather, embed_text, embed_patches, residual_layer_norm, append_kv, attention,
#if SF_ISA_LEVEL >= 4
    product,
#else
    nullptr,
#endif
};
