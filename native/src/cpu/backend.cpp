/* The CPU backend's device: what it finds, its streams and its memory. */
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>

#include "memory.h"
#include "onednn_threads.h"
#include "processor.h"
#include "resize.h"
#include "scanformer_cpu.h"

namespace {

/*
 * The engine of all streams. oneDNN executes a product only on streams of the product's own engine, and a layer may be
 * used on any stream. It stands for the CPU and holds nothing that changes.
 */
const dnnl::engine& cpu_engine() {
    static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    return engine;
}

const Isa& best_isa() {
    const IsaList isas = processor_isas();
    return isas.first[isas.count - 1];
}

/* The instruction set of a level, or the best for 0; NULL when the processor lacks it. */
const Isa* find_isa(int level) {
    if (level == 0) return &best_isa();
    const IsaList isas = processor_isas();
    const Isa* end = isas.first + isas.count;
    const Isa* found = std::find_if(isas.first, end, [&](const Isa& isa) { return isa.level == level; });
    return found == end ? nullptr : found;
}

}  // namespace

OneDnnThreads::OneDnnThreads(int count) : engine(cpu_engine()), threads(static_cast<size_t>(count)) {
    for (ProductThread& thread : threads) thread.stream = dnnl::stream(engine);
}

OneDnnThreads& onednn_threads(CpuStream* stream) {
    if (stream->onednn == nullptr) stream->onednn = new OneDnnThreads(stream->threads);
    return *stream->onednn;
}

const sf_backend* sf_cpu_backend(void) { return &processor_isas().first->table->backend; }

namespace cpu {

int probe(int device, char* report, int capacity) {
    const auto size = static_cast<size_t>(capacity);
    if (device != 0) {
        (void)std::snprintf(report, size, "the CPU is device 0, found %d asked for", device);
        return SF_UNSUPPORTED;
    }
    try {
        const dnnl_version_t* version = dnnl_version();
        (void)std::snprintf(report, size, "name=%s\nisa=%s\nbf16=%s\nthreads=%d\nonednn=%d.%d.%d",
                            processor_name().c_str(), best_isa().name, processor_has_bf16() ? "true" : "false",
                            available_threads(), version->major, version->minor, version->patch);
        return SF_OK;
    } catch (const std::bad_alloc&) {
        (void)std::snprintf(report, size, "out of host memory");
        return SF_UNSUPPORTED;
    }
}

int stream_create(int device, int threads, int isa, sf_stream** stream) {
    if (device != 0) return SF_INVALID_ARGUMENT;
    const Isa* chosen = find_isa(isa);
    if (chosen == nullptr) return SF_UNSUPPORTED;
    try {
        std::unique_ptr<CpuStream, void (*)(sf_stream*)> created(new CpuStream{}, stream_destroy);
        created->isa = chosen->table;
        created->backend = &created->isa->backend;
        created->types = 1 << SF_F32 | 1 << SF_BF16;
        created->attention_types[SF_F32] = 1 << SF_F32 | 1 << SF_BF16;
        created->threads = threads == 0 ? available_threads() : threads;
        created->team = team_create(created->threads);
        created->resize = resize_memory_create();
        if (created->resize == nullptr) return SF_OUT_OF_MEMORY;
        *stream = created.release();
        return SF_OK;
    } catch (const std::bad_alloc&) {
        return SF_OUT_OF_MEMORY;
    } catch (const std::exception&) {
        return SF_DEVICE_ERROR;
    }
}

void stream_destroy(sf_stream* stream) {
    CpuStream* own = cpu_stream(stream);
    resize_memory_destroy(own->resize);
    delete own->onednn;
    team_destroy(own->team);
    delete own;
}

int synchronize(sf_stream*) { return SF_OK; }

int memory_available(sf_stream* stream, int64_t* bytes) {
    try {
        *bytes = system_memory_available();
        return SF_OK;
    } catch (const std::bad_alloc&) {
        return fail(stream, SF_OUT_OF_MEMORY, "sf_memory_available: out of host memory");
    }
}

int allocate(sf_stream* stream, int64_t bytes, void** memory) {
    *memory = system_allocate(bytes);
    if (*memory != nullptr) return SF_OK;
    return fail(stream, SF_OUT_OF_MEMORY, "sf_allocate: the system refused %lld bytes", static_cast<long long>(bytes));
}

int free(sf_stream*, void* memory, int64_t bytes) {
    system_free(memory, bytes);
    return SF_OK;
}

int upload(sf_stream*, void* to, const void* host, int64_t bytes) {
    std::memcpy(to, host, static_cast<size_t>(bytes));
    return SF_OK;
}

int download(sf_stream*, const void* from, void* host, int64_t bytes) {
    std::memcpy(host, from, static_cast<size_t>(bytes));
    return SF_OK;
}

}  // namespace cpu
