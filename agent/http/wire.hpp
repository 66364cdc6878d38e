#pragma once

#include <cstddef>
#include <vector>

#include "http/openssl_ptr.hpp"

namespace aep::http {

/// What lies between OpenSSL and a non-blocking socket. Reading goes straight to the socket. Writing gathers
/// the records in a buffer that send() empties: one system call for many records of 16 KiB, which halves the
/// CPU that the kernel needs for a large request. Confined; the BIO points back at it, so it stays in place.
class Wire {
  public:
    explicit Wire(int descriptor);
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    /// A BIO that reads and writes here; the caller owns it, and destroys it first.
    [[nodiscard]] BioPtr make_bio();

    enum class Sent { All, WouldBlock, Failed };
    /// Hands the gathered bytes to the socket.
    [[nodiscard]] Sent send();
    [[nodiscard]] bool has_unsent() const { return sent_ < gathered_.size(); }

    /// The socket is closed: everything fails from now on.
    void detach() { descriptor_ = -1; }
    /// errno of the last failed read or write; 0 where there was none.
    [[nodiscard]] int last_error() const { return last_error_; }

  private:
    static int on_write(BIO* bio, const char* data, std::size_t size, std::size_t* written);
    static int on_read(BIO* bio, char* data, std::size_t size, std::size_t* read);
    static long on_control(BIO* bio, int command, long number, void* pointer);
    static const BIO_METHOD* method();
    static Wire& of(BIO* bio) { return *static_cast<Wire*>(BIO_get_data(bio)); }

    int descriptor_;
    std::vector<char> gathered_;
    std::size_t sent_ = 0;  ///< of gathered_
    int last_error_ = 0;
    bool ended_ = false;
};

}  // namespace aep::http
