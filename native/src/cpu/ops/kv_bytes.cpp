/* The size of a segment in the KV cache. */
#include "kv_layout.h"

namespace cpu::SF_ISA {

int64_t kv_bytes(const sf_stream*, int heads, int head_size, int tokens, int) {
    const int64_t blocks = (static_cast<int64_t>(tokens) + KV_BLOCK - 1) / KV_BLOCK;
    return blocks * static_cast<int64_t>(kv_block_floats(heads, head_size) * sizeof(float));
}

}  // namespace cpu::SF_ISA
