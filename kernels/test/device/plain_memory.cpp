/*
 * The linker lets the tests' calls of the operations come here first (-Wl,--wrap). While a graph is recorded nothing is
 * copied; its launch does that. A call's own status, and what the stream still has to report, stay as they are: waiting
 * is CUDA's, past the backend.
 */
#include "plain_memory.h"

#include <algorithm>
#include <map>

#include "check.h"
#include "scanformer_cuda.h"

#ifdef SF_EMULATION
#include <sys/mman.h>

#include "runtime.h"
#else
#include <cuda_runtime_api.h>
#endif

namespace {

struct Twin {
    size_t bytes;
    void* device;
};

bool plain = false;
bool recording = false;
std::map<uint64_t, Twin> twins; /* by the host's address */

void require(cudaError_t error, const char* what) {
    if (error == cudaSuccess) return;
    std::printf("FAILED %s: %s\n", what, cudaGetErrorString(error));
    std::abort();
}

#ifdef SF_EMULATION
/* The emulated device could read the host's arrays: while it works, nobody may. */
constexpr size_t kPage = 4096;
size_t pages(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

void* allocate_host(size_t bytes) {
    void* host = mmap(nullptr, pages(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return host == MAP_FAILED ? nullptr : host;
}

void free_host(void* host, size_t bytes) { munmap(host, pages(bytes)); }

void let_host(bool may) {
    for (const auto& [host, twin] : twins) {
        mprotect(reinterpret_cast<void*>(host), pages(twin.bytes), may ? PROT_READ | PROT_WRITE : PROT_NONE);
    }
}

void copy(void* to, const void* from, size_t bytes, cudaMemcpyKind) { std::memcpy(to, from, bytes); }

void wait_for_copies() {}
#else
/* Not pinned: a device that is handed such an address by mistake faults. */
void* allocate_host(size_t bytes) {
    void* host = nullptr;
    return posix_memalign(&host, 64, bytes) == 0 ? host : nullptr;
}

void free_host(void* host, size_t) { std::free(host); }

void let_host(bool) {}

void copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    require(cudaMemcpy(to, from, bytes, kind), "cudaMemcpy");
}

/* cudaMemcpy may return before memory that is not pinned has come to the device, and the backend's stream waits for no
 * other. */
void wait_for_copies() { require(cudaDeviceSynchronize(), "cudaDeviceSynchronize"); }
#endif

void* allocate_twins(size_t bytes) {
    bytes = bytes == 0 ? 1 : bytes;
    void *host = allocate_host(bytes), *device = nullptr;
    if (host == nullptr) return nullptr;
    require(cudaMalloc(&device, bytes), "cudaMalloc");
    twins[reinterpret_cast<uint64_t>(host)] = {bytes, device};
    return host;
}

void free_twins(void* host) {
    const auto found = twins.find(reinterpret_cast<uint64_t>(host));
    require(cudaFree(found->second.device), "cudaFree");
    free_host(host, found->second.bytes);
    twins.erase(found);
}

/* The twin of the array that an address lies in, or the end. */
std::map<uint64_t, Twin>::const_iterator twin_of(uint64_t address) {
    auto next = twins.upper_bound(address);
    if (next == twins.begin()) return twins.end();
    --next;
    return address - next->first < next->second.bytes ? next : twins.end();
}

/* An address in an array is its twin's; any other number is itself. */
uint64_t translated(uint64_t address) {
    const auto twin = twin_of(address);
    return twin == twins.end() ? address : reinterpret_cast<uint64_t>(twin->second.device) + (address - twin->first);
}

template <typename T>
T argument(T value) {
    return value;
}
/* Where no array lies: what tests make of NULL. */
constexpr uint64_t kNoMemory = 4096;

/* Arrays that the device reads: one on the test's stack would be read in emulation, and is a fault on a device. */
template <typename T>
T* argument(T* pointer) {
    const auto address = reinterpret_cast<uint64_t>(pointer);
    if (address >= kNoMemory && twin_of(address) == twins.end()) {
        check(false, "an array that is handed to the device lies in memory of the host alone");
    }
    return reinterpret_cast<T*>(translated(address));
}
sf_graph* argument(sf_graph* graph) { return graph; }

/* An array that the backend reads on the host, during the call. */
template <typename T>
struct OnHost {
    const T* array;
    operator const T*() const { return array; }
};
template <typename T>
OnHost<T> on_host(const T* array) {
    return {array};
}

/* Calls visit(bytes, offset) for each address that the array of a twin holds, if it is a table of addresses. */
template <typename Visit>
void visit_addresses(unsigned char* bytes, size_t size, const Visit& visit) {
    for (size_t i = 0; i + 8 <= size; i += 8) {
        uint64_t word;
        std::memcpy(&word, bytes + i, 8);
        const uint64_t other = translated(word);
        if (other != word) visit(i, word, other);
    }
}

void push() {
    std::vector<unsigned char> bytes;
    for (const auto& [host, twin] : twins) {
        bytes.resize(twin.bytes);
        std::memcpy(bytes.data(), reinterpret_cast<const void*>(host), twin.bytes);
        visit_addresses(bytes.data(), twin.bytes,
                        [&](size_t i, uint64_t, uint64_t other) { std::memcpy(bytes.data() + i, &other, 8); });
        copy(twin.device, bytes.data(), twin.bytes, cudaMemcpyHostToDevice);
    }
    wait_for_copies();
    let_host(false);
}

void pull(sf_stream* stream) {
    require(cudaStreamSynchronize(static_cast<cudaStream_t>(sf_cuda_queue(stream))), "cudaStreamSynchronize");
    let_host(true);
    std::vector<unsigned char> bytes;
    for (const auto& [host, twin] : twins) {
        bytes.resize(twin.bytes);
        copy(bytes.data(), twin.device, twin.bytes, cudaMemcpyDeviceToHost);
        auto* own = reinterpret_cast<unsigned char*>(host);
        /* Tables of addresses are read only: the host keeps its own. */
        visit_addresses(own, twin.bytes,
                        [&](size_t i, uint64_t word, uint64_t) { std::memcpy(bytes.data() + i, &word, 8); });
        std::memcpy(own, bytes.data(), twin.bytes);
    }
}

template <typename... P, typename... A>
int call(int (*real)(sf_stream*, P...), sf_stream* stream, A... arguments) {
    /* A stream that a test made up has no queue. */
    if (!plain || sf_cuda_queue(stream) == nullptr) return real(stream, arguments...);
    if (!recording) push();
    const int status = real(stream, argument(arguments)...);
    if (!recording) pull(stream);
    return status;
}

}  // namespace

void use_plain_memory() {
    plain = true;
    allocate_shared = allocate_twins;
    free_shared = free_twins;
}

/* Whether an image's struct is what the backend takes it for: one that it has to refuse is left to it as it is. */
static bool readable(const sf_image* image) {
    return image != nullptr && reinterpret_cast<uintptr_t>(image) % alignof(sf_image) == 0;
}

/* The operations that take arrays. The image is the host's struct, its planes are arrays. */
extern "C" {

int __real_sf_build_pyramid(sf_stream*, const sf_image*, int, int, int, int, const float*, const float*, float*);
int __wrap_sf_build_pyramid(sf_stream* stream, const sf_image* image, int patch, int scales, int rows0, int cols0,
                            const float* mean, const float* std, float* canvas) {
    if (!plain || !readable(image) || sf_cuda_queue(stream) == nullptr) {
        return __real_sf_build_pyramid(stream, image, patch, scales, rows0, cols0, mean, std, canvas);
    }
    sf_image on_device = *image;
    for (uint64_t& plane : on_device.planes) plane = translated(plane);
    if (!recording) push();
    const int status = __real_sf_build_pyramid(stream, &on_device, patch, scales, rows0, cols0, argument(mean),
                                               argument(std), argument(canvas));
    if (!recording) pull(stream);
    return status;
}

int __real_sf_build_pyramids(sf_stream*, const sf_image* const*, int, int, int, int, int, const float*, const float*,
                             float* const*);
int __wrap_sf_build_pyramids(sf_stream* stream, const sf_image* const* images, int num_images, int patch, int scales,
                             int rows0, int cols0, const float* mean, const float* std, float* const* canvases) {
    if (!plain || images == nullptr || canvases == nullptr || sf_cuda_queue(stream) == nullptr) {
        return __real_sf_build_pyramids(stream, images, num_images, patch, scales, rows0, cols0, mean, std, canvases);
    }
    std::vector<sf_image> on_device;
    std::vector<const sf_image*> pointers;
    std::vector<float*> places;
    on_device.reserve(static_cast<size_t>(std::max(num_images, 0)));
    for (int i = 0; i < num_images; i++) {
        places.push_back(argument(canvases[i]));
        pointers.push_back(images[i]);
        if (!readable(images[i])) continue;
        on_device.push_back(*images[i]);
        for (uint64_t& plane : on_device.back().planes) plane = translated(plane);
        pointers.back() = &on_device.back();
    }
    if (!recording) push();
    const int status = __real_sf_build_pyramids(stream, pointers.data(), num_images, patch, scales, rows0, cols0,
                                                argument(mean), argument(std), places.data());
    if (!recording) pull(stream);
    return status;
}

#define WRAP(operation, parameters, ...) \
    int __real_##operation parameters;   \
    int __wrap_##operation parameters { return call(__real_##operation, stream, __VA_ARGS__); }

WRAP(sf_compact_patches,
     (sf_stream * stream, const sf_grid* grids, int num_grids, const uint8_t* mask, int32_t* indices, int32_t* counts),
     grids, num_grids, mask, indices, counts)
WRAP(sf_gather_patches,
     (sf_stream * stream, const sf_grid* grids, int num_grids, int max_patches, int patch, const float* canvas,
      const int32_t* indices, int type, void* rows),
     grids, num_grids, max_patches, patch, canvas, indices, type, rows)
WRAP(sf_embed_text,
     (sf_stream * stream, int tokens, int hidden, const int32_t* ids, const int32_t* positions,
      const int32_t* token_rows, const float* word, int vocab, const float* position, int max_positions,
      const float* type0, const float* weight, const float* bias, float eps, const float* modality0, float* x),
     tokens, hidden, ids, positions, token_rows, word, vocab, position, max_positions, type0, weight, bias, eps,
     modality0, x)
WRAP(sf_embed_patches,
     (sf_stream * stream, const sf_grid* grids, int num_grids, int max_patches, int hidden, const float* patches,
      const int32_t* indices, const float* cls, const float* position, int position_grid, const float* modality1,
      const float* scales, const float* constant, float* x),
     grids, num_grids, max_patches, hidden, patches, indices, cls, position, position_grid, modality1, scales, constant,
     x)
WRAP(sf_residual_layer_norm,
     (sf_stream * stream, int rows, int columns, const float* x, const int32_t* row_index, const float* y, float* x_out,
      const float* weight, const float* bias, float eps, int type, void* out),
     rows, columns, x, row_index, y, x_out, weight, bias, eps, type, out)
WRAP(sf_append_kv,
     (sf_stream * stream, const sf_kv_append* appends, int num_appends, int max_rows, int heads, int head_size,
      int layer, int compute_type, const float* qkv, const float* bias, const int32_t* counts, void* q),
     appends, num_appends, max_rows, heads, head_size, layer, compute_type, qkv, bias, counts, q)
WRAP(sf_attention,
     (sf_stream * stream, const sf_query_block* blocks, int num_blocks, int block_rows, int max_rows,
      const sf_kv_segment* segments, int num_segments, int heads, int head_size, int layer, int compute_type,
      const void* q, int type, void* out),
     blocks, num_blocks, block_rows, max_rows, segments, num_segments, heads, head_size, layer, compute_type, q, type,
     out)
WRAP(sf_select_patches,
     (sf_stream * stream, const sf_grid* parents, const sf_grid* children, int num_requests, const float* logits,
      const int32_t* indices, uint8_t* mask),
     parents, children, num_requests, logits, indices, mask)
WRAP(sf_convert, (sf_stream * stream, int64_t n, const float* from, int type, void* to), n, from, type, to)
WRAP(sf_bias_activation,
     (sf_stream * stream, int rows, int columns, const float* bias, int activation, int type, void* y), rows, columns,
     bias, activation, type, y)
WRAP(sf_plain_matmul,
     (sf_stream * stream, int rows, int out, int in, int type, const void* x, const void* weight, int y_type, void* y),
     rows, out, in, type, x, weight, y_type, y)
WRAP(sf_tensor_matmul,
     (sf_stream * stream, int rows, int out, int in, int compute_type, const void* x, const void* weight,
      const float* bias, int activation, const float* added, int type, void* y, int tile_rows, int splits,
      void* workspace),
     rows, out, in, compute_type, x, weight, bias, activation, added, type, y, tile_rows, splits, workspace)
WRAP(sf_tensor_matmul_qkv,
     (sf_stream * stream, int rows, int in, int compute_type, const void* x, const void* weight,
      const sf_kv_append* appends, int num_appends, int heads, int head_size, int layer, const float* bias,
      const int32_t* counts, void* q, int tile_rows, int splits, void* workspace),
     rows, in, compute_type, x, weight, appends, num_appends, heads, head_size, layer, bias, counts, q, tile_rows,
     splits, workspace)
WRAP(sf_few_rows_linear,
     (sf_stream * stream, int rows, int out, int in, const float* x, const float* weight, const float* bias,
      int activation, float* y),
     rows, out, in, x, weight, bias, activation, y)
WRAP(sf_pack_batch,
     (sf_stream * stream, const sf_batch_segment* batch, int num_batch, const int32_t* selected,
      sf_kv_segment* segments, int num_segments, const int32_t* sizes, int num_sizes, uint64_t condition,
      sf_kv_append* appends, sf_query_block* blocks, int block_rows, int32_t* counts, int32_t* token_rows,
      int32_t* patch_rows, sf_query_block* reg_blocks, int32_t* reg_rows, int num_regs),
     batch, num_batch, selected, segments, num_segments, on_host(sizes), num_sizes, condition, appends, blocks,
     block_rows, counts, token_rows, patch_rows, reg_blocks, reg_rows, num_regs)
WRAP(sf_clear, (sf_stream * stream, void* memory, int64_t bytes), memory, bytes)
WRAP(sf_graph_launch, (sf_stream * stream, sf_graph* graph), graph)

int __real_sf_graph_begin(sf_stream*);
int __wrap_sf_graph_begin(sf_stream* stream) {
    const int status = __real_sf_graph_begin(stream);
    recording = status == SF_OK;
    return status;
}

int __real_sf_graph_end(sf_stream*, sf_graph**);
int __wrap_sf_graph_end(sf_stream* stream, sf_graph** graph) {
    recording = false;
    return __real_sf_graph_end(stream, graph);
}

int __real_sf_graph_end_body(sf_stream*, sf_graph**);
int __wrap_sf_graph_end_body(sf_stream* stream, sf_graph** body) {
    recording = false;
    return __real_sf_graph_end_body(stream, body);
}
}
