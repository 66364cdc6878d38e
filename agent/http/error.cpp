#include "http/error.hpp"

namespace aep::http {
namespace {

class Category : public boost::system::error_category {
  public:
    [[nodiscard]] const char* name() const noexcept override { return "aep.http"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::LookUp:
                return "look-up failed";
            case Errc::Connect:
                return "cannot connect";
            case Errc::Proxy:
                return "proxy refuses";
            case Errc::TlsRefused:
                return "TLS refused";
            case Errc::Certificate:
                return "certificate refused";
            case Errc::Handshake:
                return "TLS handshake failed";
            case Errc::Timeout:
                return "timed out";
            case Errc::Closed:
                return "connection closed";
            case Errc::BadAnswer:
                return "answer is not HTTP";
            case Errc::Stopped:
                return "stopped";
        }
        return "unknown";
    }
};

const Category kCategory;

}  // namespace

boost::system::error_code make_error_code(Errc errc) {
    return {static_cast<int>(errc), kCategory};
}

bool needs_operator(const base::Error& error) {
    return error.code == Errc::Proxy || error.code == Errc::Certificate || error.code == Errc::TlsRefused;
}

bool may_have_arrived(const base::Error& error) {
    return error.code == Errc::Timeout || error.code == Errc::Closed || error.code == Errc::BadAnswer;
}

}  // namespace aep::http
