/*
 * A libcuda.so.1 of a host that has a driver and no GPU: every call answers CUDA_ERROR_NO_DEVICE (100), but those by
 * which the CUDA run time finds the others and asks for the driver's version (13.0).
 */
#include <string.h>
int none(void) { return 100; }
int cuTensorMapEncodeTiled(void) { return 100; }
int cuInit(unsigned flags) { return 100; }
int cuDriverGetVersion(int *version) { *version = 13000; return 0; }
int cuGetProcAddress_v2(const char *symbol, void **found, int version, unsigned long long flags, int *status);
int cuGetProcAddress(const char *symbol, void **found, int version, unsigned long long flags) { return cuGetProcAddress_v2(symbol, found, version, flags, 0); }
int cuGetProcAddress_v2(const char *symbol, void **found, int version, unsigned long long flags, int *status) {
  *found = strcmp(symbol, "cuInit") == 0 ? (void *)cuInit : strcmp(symbol, "cuDriverGetVersion") == 0 ? (void *)cuDriverGetVersion
    : strncmp(symbol, "cuGetProcAddress", 16) == 0 ? (void *)cuGetProcAddress_v2 : (void *)none;
  if (status) *status = 0;
  return 0;
}
