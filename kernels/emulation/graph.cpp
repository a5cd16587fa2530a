#include "graph.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "emulation.h"
#include "queue.h"

using emulation::Condition;
using emulation::Queue;
using emulation::visit_all;
using emulation::Work;

namespace {

std::mutex conditions_lock;
std::map<cudaGraphConditionalHandle, std::weak_ptr<Condition>> conditions;

std::shared_ptr<Condition> make_condition(cudaGraph_t graph, unsigned flags, unsigned default_value,
                                          cudaGraphConditionalHandle* handle) {
    const std::lock_guard<std::mutex> guard(conditions_lock);
    static cudaGraphConditionalHandle made = 0;
    const cudaGraphConditionalHandle own = ++made;
    const std::shared_ptr<Condition> condition(new Condition{graph, flags != 0, default_value}, [own](Condition* old) {
        const std::lock_guard<std::mutex> last_guard(conditions_lock);
        conditions.erase(own);
        delete old;
    });
    conditions[own] = condition;
    *handle = own;
    return condition;
}

std::shared_ptr<Condition> condition_of(cudaGraphConditionalHandle handle) {
    const std::lock_guard<std::mutex> guard(conditions_lock);
    const auto found = conditions.find(handle);
    return found == conditions.end() ? nullptr : found->second.lock();
}

Queue* queue_of(cudaStream_t stream) { return static_cast<Queue*>(stream); }

cudaError_t run(const CUgraph_st& graph) {
    for (const CUgraphNode_st& node : graph.nodes) {
        const cudaError_t code = node.work.run();
        if (code != cudaSuccess) return code;
    }
    return cudaSuccess;
}

cudaGraphNode_t behind(const cudaGraphNode_t* dependencies, size_t count) {
    return count == 0 ? nullptr : dependencies[count - 1];
}

/* Without a default, CUDA promises nothing of the value: here it is what the last launch left. */
void begin(Condition& condition) {
    condition.running = true;
    if (condition.has_default) condition.value = condition.default_value;
}

}  // namespace

std::atomic<int> emulation::Counted::live{0};

int emulation::live_graphs() { return Counted::live; }

int emulation::live_conditions() {
    const std::lock_guard<std::mutex> guard(conditions_lock);
    return static_cast<int>(conditions.size());
}

cudaGraphNode_t CUgraph_st::add(Work work, cudaGraphNode_t after) {
    auto place = nodes.begin();
    if (after != nullptr) {
        place = std::find_if(nodes.begin(), nodes.end(), [&](const CUgraphNode_st& node) { return &node == after; });
        if (place != nodes.end()) ++place;
    }
    return &*nodes.insert(place, CUgraphNode_st{std::move(work)});
}

void emulation::set_condition(uint64_t handle, unsigned value) {
    const std::shared_ptr<Condition> condition = condition_of(handle);
    if (!condition || !condition->running) {
        report_fault("a kernel sets a condition of no graph that runs");
        return;
    }
    if (condition->graph == nullptr) {
        report_fault("a kernel sets a condition of a graph that is destroyed");
        return;
    }
    condition->value = value;
}

cudaError_t cudaGraphConditionalHandleCreate(cudaGraphConditionalHandle* handle, cudaGraph_t graph,
                                             unsigned default_value, unsigned flags) {
    if (handle == nullptr || graph == nullptr || flags > cudaGraphCondAssignDefault) return cudaErrorInvalidValue;
    /* CUDA has conditions within bodies. */
    if (graph->is_body) return cudaErrorNotSupported;
    graph->conditions.push_back(make_condition(graph, flags, default_value, handle));
    return cudaSuccess;
}

cudaError_t cudaGraphAddNode(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                             const cudaGraphEdgeData*, size_t num_dependencies, cudaGraphNodeParams* parameters) {
    cudaConditionalNodeParams& wanted = parameters->conditional;
    if (parameters->type != cudaGraphNodeTypeConditional || wanted.type != cudaGraphCondTypeSwitch) {
        return cudaErrorNotSupported;
    }
    const std::shared_ptr<Condition> condition = condition_of(wanted.handle);
    if (!condition || condition->graph != graph || condition->taken || wanted.size < 1) return cudaErrorInvalidValue;
    condition->taken = true;
    const auto bodies = std::make_shared<std::vector<CUgraph_st>>(wanted.size);
    const auto places = std::make_shared<std::vector<cudaGraph_t>>();
    for (CUgraph_st& body : *bodies) {
        body.is_body = true;
        places->push_back(&body);
    }
    /* The array of bodies lives as long as the node. */
    wanted.phGraph_out = places->data();
    Work work = {[condition, bodies, places] {
        return condition->value < bodies->size() ? run((*bodies)[condition->value]) : cudaSuccess;
    }};
    work.chooses = true;
    work.inner = bodies;
    *node = graph->add(std::move(work), behind(dependencies, num_dependencies));
    return cudaSuccess;
}

cudaError_t cudaGraphAddChildGraphNode(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                       size_t num_dependencies, cudaGraph_t child) {
    const auto copy = std::make_shared<std::vector<CUgraph_st>>(1, *child);
    Work work = {[copy] { return run(copy->front()); }};
    work.inner = copy;
    bool forbidden = false; /* to a body */
    visit_all(work, [&](const Work& inner) { forbidden = forbidden || inner.event || inner.pageable; });
    if (!child->conditions.empty() || (graph->is_body && forbidden)) return cudaErrorInvalidValue;
    *node = graph->add(std::move(work), behind(dependencies, num_dependencies));
    return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
    return queue_of(stream)->begin_capture();
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
    *graph = queue_of(stream)->end_capture().release();
    return *graph != nullptr ? cudaSuccess : cudaErrorStreamCaptureInvalidated;
}

cudaError_t cudaStreamGetCaptureInfo(cudaStream_t stream, cudaStreamCaptureStatus* status, unsigned long long*,
                                     cudaGraph_t* graph, const cudaGraphNode_t** dependencies,
                                     const cudaGraphEdgeData** edges, size_t* num_dependencies) {
    *edges = nullptr;
    *status = queue_of(stream)->capture(graph, dependencies);
    *num_dependencies = **dependencies == nullptr ? 0 : 1;
    return cudaSuccess;
}

cudaError_t cudaStreamUpdateCaptureDependencies(cudaStream_t stream, cudaGraphNode_t* dependencies,
                                                const cudaGraphEdgeData*, size_t num_dependencies, unsigned flags) {
    if (num_dependencies != 1 || flags != cudaStreamSetCaptureDependencies) return cudaErrorNotSupported;
    return queue_of(stream)->follow(dependencies[0]);
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
    for (const auto& condition : graph->conditions) {
        if (!condition->taken || condition->instantiated) return cudaErrorInvalidValue;
    }
    for (const auto& condition : graph->conditions) condition->instantiated = true;
    *executable = new CUgraph_st(*graph);
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
    const auto used = executable->conditions;
    std::vector<Work> works;
    if (!used.empty()) {
        works.push_back({[used] {
            for (const auto& condition : used) begin(*condition);
            return cudaSuccess;
        }});
    }
    for (const CUgraphNode_st& node : executable->nodes) works.push_back(node.work);
    if (!used.empty()) {
        works.push_back({[used] {
            for (const auto& condition : used) condition->running = false;
            return cudaSuccess;
        }});
    }
    for (Work& work : works) {
        const cudaError_t code = queue_of(stream)->take(std::move(work));
        if (code != cudaSuccess) return code;
    }
    return cudaSuccess;
}

/* CUDA calls conditions associated with their graph, and does not say that they outlive it in an executable one. */
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    if (graph == nullptr) return cudaErrorInvalidValue;
    for (const auto& condition : graph->conditions) {
        if (condition->graph == graph) condition->graph = nullptr;
    }
    delete graph;
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
    for (const auto& condition : executable->conditions) condition->instantiated = false;
    return cudaGraphDestroy(executable);
}
