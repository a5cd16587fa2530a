/* Recorded sequences of operations, and choices between them. */
#include <limits.h>

#include <memory>
#include <new>

#include "scanformer_cuda.h"
#include "stream.cuh"

struct sf_graph {
    cudaGraphExec_t executable = nullptr; /* of what is launched */
    cudaGraph_t body = nullptr;           /* of what another graph takes in */
    /*
     * What an executable graph with a condition was made from, for as long as that is launched: CUDA associates the
     * condition with this graph, and does not say that it outlives it.
     */
    cudaGraph_t source = nullptr;
};

namespace {

/* The first version of CUDA whose conditional nodes choose among more than two bodies. */
constexpr int kSwitchVersion = 12080;

/* Ends the recording: the graph, or nothing on failure. */
int end_recording(sf_stream* stream, const char* operation, bool wanted, cudaGraph_t* recorded) {
    const int status = check_stream(stream, operation);
    if (status != SF_OK) return status;
    cuda_stream(stream)->recording = cuda_stream(stream)->behind_switch = false;
    const int ended = SF_CHECK(stream, operation, cudaStreamEndCapture(cuda_stream(stream)->queue, recorded));
    if (wanted) return ended;
    if (*recorded != nullptr) (void)cudaGraphDestroy(*recorded);
    return fail_null(stream, operation);
}

/* What the next operation that is recorded will follow. */
struct Recording {
    cudaGraph_t graph = nullptr;
    const cudaGraphNode_t* last = nullptr;
    const cudaGraphEdgeData* edges = nullptr;
    size_t num_last = 0;
};

int current_recording(sf_stream* stream, const char* operation, Recording* recording) {
    int status = check_stream(stream, operation);
    if (status != SF_OK) return status;
    if (!cuda_stream(stream)->recording) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: no graph is being recorded", operation);
    }
    /* A condition is of the calling thread's device. */
    status = use_device(stream, operation);
    if (status != SF_OK) return status;
    cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
    status = SF_CHECK(stream, operation,
                      cudaStreamGetCaptureInfo(cuda_stream(stream)->queue, &capture, nullptr, &recording->graph,
                                               &recording->last, &recording->edges, &recording->num_last));
    if (status != SF_OK || capture == cudaStreamCaptureStatusActive) return status;
    return fail(stream, SF_DEVICE_ERROR, "%s: the recording is spoilt", operation);
}

}  // namespace

int sf_graph_begin(sf_stream* stream) {
    const char* operation = "sf_graph_begin";
    int status = check_stream(stream, operation);
    if (status == SF_OK) status = use_device(stream, operation);
    if (status != SF_OK) return status;
    status = SF_CHECK(stream, operation,
                      cudaStreamBeginCapture(cuda_stream(stream)->queue, cudaStreamCaptureModeThreadLocal));
    if (status != SF_OK) return status;
    cuda_stream(stream)->recording = true;
    cuda_stream(stream)->has_condition = false;
    return SF_OK;
}

int sf_graph_end(sf_stream* stream, sf_graph** graph) {
    const char* operation = "sf_graph_end";
    if (graph != nullptr) *graph = nullptr;
    cudaGraph_t recorded = nullptr;
    int status = end_recording(stream, operation, graph != nullptr, &recorded);
    if (status != SF_OK) return status;
    std::unique_ptr<sf_graph> created(new (std::nothrow) sf_graph);
    if (created) {
        status = SF_CHECK(stream, operation, cudaGraphInstantiate(&created->executable, recorded, 0));
    } else {
        status = fail(stream, SF_OUT_OF_MEMORY, "%s: out of host memory", operation);
    }
    if (status == SF_OK && cuda_stream(stream)->has_condition) {
        created->source = recorded;
    } else {
        (void)cudaGraphDestroy(recorded);
    }
    if (status == SF_OK) *graph = created.release();
    return status;
}

int sf_graph_end_body(sf_stream* stream, sf_graph** body) {
    const char* operation = "sf_graph_end_body";
    if (body != nullptr) *body = nullptr;
    cudaGraph_t recorded = nullptr;
    const int status = end_recording(stream, operation, body != nullptr, &recorded);
    if (status != SF_OK) return status;
    *body = new (std::nothrow) sf_graph;
    if (*body == nullptr) {
        (void)cudaGraphDestroy(recorded);
        return fail(stream, SF_OUT_OF_MEMORY, "%s: out of host memory", operation);
    }
    (*body)->body = recorded;
    return SF_OK;
}

int sf_graph_can_switch(sf_stream* stream) {
    if (check_stream(stream, "sf_graph_can_switch") != SF_OK) return 0;
    int driver = 0, runtime = 0;
    if (cudaDriverGetVersion(&driver) != cudaSuccess || cudaRuntimeGetVersion(&runtime) != cudaSuccess) return 0;
    return driver >= kSwitchVersion && runtime >= kSwitchVersion ? 1 : 0;
}

int sf_graph_condition(sf_stream* stream, uint64_t* condition) {
    const char* operation = "sf_graph_condition";
    if (condition != nullptr) *condition = 0;
    Recording recording;
    const int status = current_recording(stream, operation, &recording);
    if (status != SF_OK) return status;
    if (condition == nullptr) return fail_null(stream, operation);
    cudaGraphConditionalHandle created = 0;
    /* A value of no body: what chooses did not run, or found a fault. */
    const int made =
        SF_CHECK(stream, operation,
                 cudaGraphConditionalHandleCreate(&created, recording.graph, UINT_MAX, cudaGraphCondAssignDefault));
    if (made != SF_OK) return made;
    cuda_stream(stream)->has_condition = true;
    /* Nothing says that CUDA never gives the number that stands for none. */
    if (created == 0) return fail(stream, SF_DEVICE_ERROR, "%s: CUDA gave the condition 0", operation);
    *condition = created;
    return SF_OK;
}

int sf_graph_switch(sf_stream* stream, uint64_t condition, sf_graph* const* bodies, int num_bodies) {
    const char* operation = "sf_graph_switch";
    Recording recording;
    int status = current_recording(stream, operation, &recording);
    if (status != SF_OK) return status;
    if (num_bodies < 1) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: %d bodies, expected at least 1", operation, num_bodies);
    }
    if (bodies == nullptr) return fail_null(stream, operation);
    for (int i = 0; i < num_bodies; i++) {
        if (bodies[i] == nullptr || bodies[i]->body == nullptr) {
            return fail(stream, SF_INVALID_ARGUMENT, "%s: body %d is none, expected one of sf_graph_end_body",
                        operation, i);
        }
    }
    cudaGraphNodeParams parameters = {};
    parameters.type = cudaGraphNodeTypeConditional;
    parameters.conditional.handle = condition;
    parameters.conditional.type = cudaGraphCondTypeSwitch;
    parameters.conditional.size = static_cast<unsigned>(num_bodies);
    cudaGraphNode_t node = nullptr;
    status = SF_CHECK(
        stream, operation,
        cudaGraphAddNode(&node, recording.graph, recording.last, recording.edges, recording.num_last, &parameters));
    for (int i = 0; i < num_bodies && status == SF_OK; i++) {
        cudaGraphNode_t inner = nullptr;
        status = SF_CHECK(
            stream, operation,
            cudaGraphAddChildGraphNode(&inner, parameters.conditional.phGraph_out[i], nullptr, 0, bodies[i]->body));
    }
    if (status != SF_OK) return status;
    status = SF_CHECK(stream, operation,
                      cudaStreamUpdateCaptureDependencies(cuda_stream(stream)->queue, &node, nullptr, 1,
                                                          cudaStreamSetCaptureDependencies));
    cuda_stream(stream)->behind_switch = status == SF_OK;
    return status;
}

int sf_graph_launch(sf_stream* stream, sf_graph* graph) {
    const char* operation = "sf_graph_launch";
    int status = check_stream(stream, operation);
    if (status != SF_OK) return status;
    if (graph == nullptr) return fail_null(stream, operation);
    if (graph->executable == nullptr) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: the graph is a body, expected one of sf_graph_end", operation);
    }
    status = check_not_lost(stream, operation);
    if (status == SF_OK) status = use_device(stream, operation);
    if (status != SF_OK) return status;
    return SF_CHECK(stream, operation, cudaGraphLaunch(graph->executable, cuda_stream(stream)->queue));
}

void sf_graph_destroy(sf_graph* graph) {
    if (graph == nullptr) return;
    if (graph->executable != nullptr) (void)cudaGraphExecDestroy(graph->executable);
    if (graph->source != nullptr) (void)cudaGraphDestroy(graph->source);
    if (graph->body != nullptr) (void)cudaGraphDestroy(graph->body);
    delete graph;
}
