// A small pool of threads for our own kernels on the CPU.
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>

#include "shim.h"

namespace mg {

namespace {

// Workers sleep between jobs. A job's indices are handed out by a counter; the
// caller takes them too and waits only for those that a worker has taken.
class Workers {
 public:
  static Workers& get() {
    static Workers* w = new Workers; // never destroyed: the threads outlive main
    return *w;
  }

  void run(int n, const std::function<void(int)>& f) {
    if (n <= 1 || threads_ == 0) {
      for (int i = 0; i < n; i++) f(i);
      return;
    }
    std::lock_guard<std::mutex> one(callers_);
    {
      std::lock_guard<std::mutex> l(mu_);
      job_ = &f;
      size_ = n;
      next_.store(0);
      epoch_++;
    }
    wake_.notify_all();
    take(f, n);
    std::unique_lock<std::mutex> l(mu_);
    job_ = nullptr; // a worker that wakes up late finds nothing
    idle_.wait(l, [&] { return busy_ == 0; });
  }

 private:
  Workers() {
    int n = static_cast<int>(std::thread::hardware_concurrency());
    if (const char* e = std::getenv("MLXGEN_THREADS")) n = std::atoi(e);
    threads_ = std::max(0, std::min(n, 64) - 1);
    for (int i = 0; i < threads_; i++) std::thread([this] { loop(); }).detach();
  }

  void take(const std::function<void(int)>& f, int n) {
    for (int i; (i = next_.fetch_add(1)) < n;) f(i);
  }

  void loop() {
    uint64_t seen = 0;
    std::unique_lock<std::mutex> l(mu_);
    for (;;) {
      wake_.wait(l, [&] { return epoch_ != seen && job_; });
      seen = epoch_;
      auto* f = job_;
      int n = size_;
      busy_++;
      l.unlock();
      take(*f, n);
      l.lock();
      if (--busy_ == 0) idle_.notify_all();
    }
  }

  int threads_ = 0;
  std::mutex callers_, mu_;
  std::condition_variable wake_, idle_;
  const std::function<void(int)>* job_ = nullptr;
  int size_ = 0, busy_ = 0;
  uint64_t epoch_ = 0;
  std::atomic<int> next_{0};
};

} // namespace

void parallel(int n, const std::function<void(int)>& f) { Workers::get().run(n, f); }

} // namespace mg
