/* A Vulkan layer for a driver that compiles shaders and has no GPU (Mesa's RADV with RADV_FORCE_FAMILY and its null winsys).
 * Recording, submitting and waiting become calls that succeed at once, so a program believes that each submission finishes
 * immediately; what is in its buffers means nothing. Compiling reaches the driver. Lines of JSON go to the file named by
 * NULL_GPU_LOG:
 *   {"pipeline":N,"ms":time to compile,"subgroup":lanes,"workgroup":[x,y,z],"stats":{name:value},"texts":{name:text}}
 *   {"dispatch":N,"groups":[x,y,z]}       pipeline N is dispatched, as often as commands are recorded
 * Texts are the driver's intermediate forms and the disassembly. Build: cc -O2 -shared -fPIC null-gpu.c -o libnull-gpu.so
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

static PFN_vkGetInstanceProcAddr next_instance_proc;
static PFN_vkGetDeviceProcAddr next_device_proc;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static VkResult succeed(void) { return VK_SUCCESS; }          /* any arguments: the caller cleans up (x86-64, AArch64) */
static VkResult counter_value(VkDevice d, VkSemaphore s, uint64_t *value) { *value = 1ull << 40; return VK_SUCCESS; }
static VkResult create_handle(VkDevice d, const void *info, const void *a, uint64_t *out) { static uint64_t n; *out = ++n; return VK_SUCCESS; }   /* no driver object behind it */
static VkResult query_results(VkDevice d, VkQueryPool p, uint32_t first, uint32_t n, size_t size, void *data, VkDeviceSize stride, VkQueryResultFlags f) {
  memset(data, 0, size); return VK_SUCCESS;
}
static const char *no_ops[] = {"vkBeginCommandBuffer", "vkEndCommandBuffer", "vkResetCommandBuffer", "vkResetCommandPool", "vkTrimCommandPool", "vkFreeCommandBuffers", "vkDestroyCommandPool",
  "vkQueueSubmit", "vkQueueSubmit2", "vkQueueBindSparse", "vkQueueWaitIdle", "vkDeviceWaitIdle", "vkWaitForFences", "vkGetFenceStatus", "vkResetFences",
  "vkWaitSemaphores", "vkSignalSemaphore", "vkResetQueryPool", "vkResetQueryPoolEXT", "vkDestroyFence",
  "vkDestroySemaphore", "vkDestroyEvent", "vkFlushMappedMemoryRanges", "vkInvalidateMappedMemoryRanges"};

/* The null winsys lists no memory: offer one heap of one type (device-local, host-visible, coherent, cached) that suits every resource. */
static void memory(VkPhysicalDevice gpu, VkPhysicalDeviceMemoryProperties *m) {
  *m = (VkPhysicalDeviceMemoryProperties){.memoryTypeCount = 1, .memoryTypes = {{15, 0}}, .memoryHeapCount = 1, .memoryHeaps = {{16ull << 30, 1}}};
}
static void memory2(VkPhysicalDevice gpu, VkPhysicalDeviceMemoryProperties2 *p) { memory(gpu, &p->memoryProperties); }
#define REQUIREMENTS(NAME, ARG, OUT, FIELD) \
  static void NAME(VkDevice dev, ARG x, OUT *r) { ((void (*)(VkDevice, ARG, OUT *))next_device_proc(dev, "vk" #NAME))(dev, x, r); r->FIELD = 1; }
REQUIREMENTS(GetBufferMemoryRequirements, VkBuffer, VkMemoryRequirements, memoryTypeBits)
REQUIREMENTS(GetImageMemoryRequirements, VkImage, VkMemoryRequirements, memoryTypeBits)
REQUIREMENTS(GetBufferMemoryRequirements2, const void *, VkMemoryRequirements2, memoryRequirements.memoryTypeBits)
REQUIREMENTS(GetImageMemoryRequirements2, const void *, VkMemoryRequirements2, memoryRequirements.memoryTypeBits)
REQUIREMENTS(GetDeviceBufferMemoryRequirements, const void *, VkMemoryRequirements2, memoryRequirements.memoryTypeBits)
REQUIREMENTS(GetDeviceImageMemoryRequirements, const void *, VkMemoryRequirements2, memoryRequirements.memoryTypeBits)
static void put_json(FILE *f, const char *s, size_t n) {
  fputc('"', f);
  for (size_t i = 0; i < n && s[i]; i++) {
    unsigned char c = s[i];
    if (c == '\n') fputs("\\n", f);
    else if (c == '"' || c == '\\') fprintf(f, "\\%c", c);
    else if (c < 32) fprintf(f, "\\u%04x", c);
    else fputc(c, f);
  }
  fputc('"', f);
}
/* Workgroup sizes stand in the SPIR-V, and a pipeline is dispatched long after it is made: both are looked up by handle. Handles are used again, so the newest counts. */
static struct module { VkShaderModule handle; uint32_t size[3]; struct module *older; } *modules;
static struct pipeline { VkPipeline handle; uint32_t number; struct pipeline *older; } *pipelines;
static uint32_t made, bound;

static VkResult create_module(VkDevice dev, const VkShaderModuleCreateInfo *info, const VkAllocationCallbacks *a, VkShaderModule *out) {
  VkResult r = ((PFN_vkCreateShaderModule)next_device_proc(dev, "vkCreateShaderModule"))(dev, info, a, out);
  if (r < 0) return r;
  struct module *m = calloc(1, sizeof *m);
  m->handle = *out;
  const uint32_t *code = info->pCode, *end = code + info->codeSize / 4;
  for (const uint32_t *op = code + 5; op + 5 < end && *op >> 16; op += *op >> 16)
    if ((*op & 0xffff) == 16 && op[2] == 17) memcpy(m->size, op + 3, sizeof m->size);   /* OpExecutionMode LocalSize */
  pthread_mutex_lock(&log_lock);
  m->older = modules; modules = m;
  pthread_mutex_unlock(&log_lock);
  return r;
}
static void write_pipeline(FILE *f, VkDevice dev, VkPipeline pipe, VkShaderModule module, double ms) {
  PFN_vkGetPipelineExecutablePropertiesKHR get_props = (void *)next_device_proc(dev, "vkGetPipelineExecutablePropertiesKHR");
  PFN_vkGetPipelineExecutableStatisticsKHR get_stats = (void *)next_device_proc(dev, "vkGetPipelineExecutableStatisticsKHR");
  PFN_vkGetPipelineExecutableInternalRepresentationsKHR get_texts = (void *)next_device_proc(dev, "vkGetPipelineExecutableInternalRepresentationsKHR");
  VkPipelineInfoKHR info = {VK_STRUCTURE_TYPE_PIPELINE_INFO_KHR, 0, pipe};
  VkPipelineExecutablePropertiesKHR props = {VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_PROPERTIES_KHR};
  uint32_t one = 1, n = 64;
  if (!get_props || get_props(dev, &info, &one, &props) < 0 || !one) return;
  VkPipelineExecutableInfoKHR exe = {VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR, 0, pipe, 0};
  VkPipelineExecutableStatisticKHR stat[64];
  for (uint32_t i = 0; i < n; i++) stat[i] = (VkPipelineExecutableStatisticKHR){VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR};
  get_stats(dev, &exe, &n, stat);
  struct module *m = modules;
  while (m && m->handle != module) m = m->older;
  struct pipeline *p = calloc(1, sizeof *p);
  *p = (struct pipeline){pipe, made++, pipelines};
  pipelines = p;
  fprintf(f, "{\"pipeline\":%u,\"ms\":%.2f,\"subgroup\":%u,\"workgroup\":[%u,%u,%u],\"stats\":{", p->number, ms, props.subgroupSize, m ? m->size[0] : 0, m ? m->size[1] : 0, m ? m->size[2] : 0);
  for (uint32_t i = 0; i < n; i++) {
    if (i) fputc(',', f);
    put_json(f, stat[i].name, sizeof stat[i].name);
    if (stat[i].format == VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_FLOAT64_KHR) fprintf(f, ":%g", stat[i].value.f64);
    else fprintf(f, ":%llu", (unsigned long long)stat[i].value.u64);
  }
  fputs("},\"texts\":{", f);
  VkPipelineExecutableInternalRepresentationKHR text[8];
  n = 8;
  for (uint32_t i = 0; i < n; i++) text[i] = (VkPipelineExecutableInternalRepresentationKHR){VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INTERNAL_REPRESENTATION_KHR};
  get_texts(dev, &exe, &n, text);                              /* sizes first, then the texts */
  for (uint32_t i = 0; i < n; i++) text[i].pData = calloc(1, text[i].dataSize + 1);
  get_texts(dev, &exe, &n, text);
  for (uint32_t i = 0; i < n; i++) {
    if (i) fputc(',', f);
    put_json(f, text[i].name, sizeof text[i].name); fputc(':', f); put_json(f, text[i].pData, text[i].dataSize);
    free(text[i].pData);
  }
  fputs("}}\n", f);
}
static VkResult create_pipelines(VkDevice dev, VkPipelineCache cache, uint32_t n, const VkComputePipelineCreateInfo *infos, const VkAllocationCallbacks *a, VkPipeline *out) {
  PFN_vkCreateComputePipelines create = (void *)next_device_proc(dev, "vkCreateComputePipelines");
  const char *path = getenv("NULL_GPU_LOG");
  if (!path) return create(dev, cache, n, infos, a, out);
  VkResult r = VK_SUCCESS;
  for (uint32_t i = 0; i < n && r >= 0; i++) {
    VkComputePipelineCreateInfo info = infos[i];
    struct timespec t0, t1;
    info.flags |= VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR | VK_PIPELINE_CREATE_CAPTURE_INTERNAL_REPRESENTATIONS_BIT_KHR;
    clock_gettime(CLOCK_MONOTONIC, &t0);
    r = create(dev, cache, 1, &info, a, out + i);
    clock_gettime(CLOCK_MONOTONIC, &t1);
    if (r < 0) break;
    pthread_mutex_lock(&log_lock);
    FILE *f = fopen(path, "a");
    if (f) { write_pipeline(f, dev, out[i], info.stage.module, (t1.tv_sec - t0.tv_sec) * 1e3 + (t1.tv_nsec - t0.tv_nsec) / 1e6); fclose(f); }
    pthread_mutex_unlock(&log_lock);
  }
  return r;
}
/* Dawn records a submission in one go, so one bound pipeline is enough for all command buffers. */
static void bind_pipeline(VkCommandBuffer c, VkPipelineBindPoint point, VkPipeline pipe) {
  pthread_mutex_lock(&log_lock);
  for (struct pipeline *p = pipelines; p; p = p->older) if (p->handle == pipe) { bound = p->number; break; }
  pthread_mutex_unlock(&log_lock);
}
static void dispatch(VkCommandBuffer c, uint32_t x, uint32_t y, uint32_t z) {
  const char *path = getenv("NULL_GPU_LOG");
  pthread_mutex_lock(&log_lock);
  FILE *f = path ? fopen(path, "a") : 0;
  if (f) { fprintf(f, "{\"dispatch\":%u,\"groups\":[%u,%u,%u]}\n", bound, x, y, z); fclose(f); }
  pthread_mutex_unlock(&log_lock);
}
static VkLayerInstanceCreateInfo *chain_link(const void *p, VkStructureType type) {   /* the loader's list of next layers */
  VkLayerInstanceCreateInfo *l = (void *)p;
  while (l && !(l->sType == type && l->function == VK_LAYER_LINK_INFO)) l = (void *)l->pNext;
  return l;
}
static VkResult create_instance(const VkInstanceCreateInfo *info, const VkAllocationCallbacks *a, VkInstance *out) {
  VkLayerInstanceCreateInfo *link = chain_link(info->pNext, VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO);
  next_instance_proc = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  return ((PFN_vkCreateInstance)next_instance_proc(0, "vkCreateInstance"))(info, a, out);
}
static VkResult create_device(VkPhysicalDevice gpu, const VkDeviceCreateInfo *info, const VkAllocationCallbacks *a, VkDevice *out) {
  VkLayerDeviceCreateInfo *link = (void *)chain_link(info->pNext, VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO);
  PFN_vkGetInstanceProcAddr gipa = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  next_device_proc = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  const char **names = malloc(sizeof *names * (info->enabledExtensionCount + 1));
  memcpy(names, info->ppEnabledExtensionNames, sizeof *names * info->enabledExtensionCount);
  names[info->enabledExtensionCount] = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME;
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR feature = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR, (void *)info->pNext, VK_TRUE};
  VkDeviceCreateInfo more = *info;
  more.pNext = &feature; more.ppEnabledExtensionNames = names; more.enabledExtensionCount++;
  VkResult r = ((PFN_vkCreateDevice)gipa(0, "vkCreateDevice"))(gpu, &more, a, out);
  free(names);
  return r;
}
static PFN_vkVoidFunction device_proc(VkDevice dev, const char *name);
static PFN_vkVoidFunction instance_proc(VkInstance inst, const char *name);
static const struct { const char *name; void *f; } own_functions[] = {   /* a KHR suffix is ignored */
  {"vkCreateFence", create_handle}, {"vkCreateSemaphore", create_handle}, {"vkCreateEvent", create_handle},
  {"vkGetSemaphoreCounterValue", counter_value}, {"vkGetQueryPoolResults", query_results}, {"vkCreateComputePipelines", create_pipelines},
  {"vkCreateShaderModule", create_module}, {"vkCmdBindPipeline", bind_pipeline}, {"vkCmdDispatch", dispatch},
  {"vkCreateInstance", create_instance}, {"vkCreateDevice", create_device}, {"vkGetDeviceProcAddr", device_proc}, {"vkGetInstanceProcAddr", instance_proc},
  {"vkGetPhysicalDeviceMemoryProperties", memory}, {"vkGetPhysicalDeviceMemoryProperties2", memory2},
  {"vkGetBufferMemoryRequirements", GetBufferMemoryRequirements}, {"vkGetBufferMemoryRequirements2", GetBufferMemoryRequirements2},
  {"vkGetImageMemoryRequirements", GetImageMemoryRequirements}, {"vkGetImageMemoryRequirements2", GetImageMemoryRequirements2},
  {"vkGetDeviceBufferMemoryRequirements", GetDeviceBufferMemoryRequirements}, {"vkGetDeviceImageMemoryRequirements", GetDeviceImageMemoryRequirements}};
static int same(const char *name, const char *want) { size_t n = strlen(want); return !strncmp(name, want, n) && (!name[n] || !strcmp(name + n, "KHR")); }
static PFN_vkVoidFunction own(const char *name) {
  for (size_t i = 0; i < sizeof own_functions / sizeof *own_functions; i++) if (same(name, own_functions[i].name)) return (PFN_vkVoidFunction)own_functions[i].f;
  for (size_t i = 0; i < sizeof no_ops / sizeof *no_ops; i++) if (same(name, no_ops[i])) return (PFN_vkVoidFunction)succeed;
  return strncmp(name, "vkCmd", 5) ? 0 : (PFN_vkVoidFunction)succeed;
}
static PFN_vkVoidFunction device_proc(VkDevice dev, const char *name) { PFN_vkVoidFunction f = own(name); return f ? f : next_device_proc(dev, name); }
static PFN_vkVoidFunction instance_proc(VkInstance inst, const char *name) { PFN_vkVoidFunction f = own(name); return f ? f : next_instance_proc(inst, name); }
__attribute__((visibility("default"))) VkResult vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *v) {
  v->loaderLayerInterfaceVersion = 2;
  v->pfnGetInstanceProcAddr = instance_proc; v->pfnGetDeviceProcAddr = device_proc; v->pfnGetPhysicalDeviceProcAddr = 0;
  return VK_SUCCESS;
}
