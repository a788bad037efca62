// A data race in a pipeline such as engine/pipeline's: tests/tsan demands that ThreadSanitizer
// finds it.
#include <oneapi/tbb/parallel_pipeline.h>

#include <cstdio>

int main() {
  namespace tbb = oneapi::tbb;
  int next = 0;
  volatile int raced = 0;
  tbb::parallel_pipeline(8, tbb::make_filter<void, int>(tbb::filter_mode::serial_in_order,
                                                        [&](tbb::flow_control& control) {
                                                          if (next == 100000) control.stop();
                                                          return next++;
                                                        }) &
                                tbb::make_filter<int, void>(tbb::filter_mode::parallel, [&](int i) {
                                  for (int k = 0; k < 100; ++k) raced = raced + i;
                                }));
  std::printf("%d\n", raced);
}
