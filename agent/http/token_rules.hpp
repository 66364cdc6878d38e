#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/duration.hpp"
#include "http/answer.hpp"

/// The rules of OAuth's client credentials grant (RFC 6749 4.4) as Adobe's IMS has it: what is asked, what an
/// answer means, and when to ask again. Source: developer.adobe.com/developer-console, "OAuth
/// Server-to-Server".
namespace aep::http {

/// An access token as it came.
struct IssuedToken {
    std::string text;
    base::Millis lifetime{0};
};

/// Why there is none.
struct TokenFailure {
    enum class Kind {
        Passing,        ///< busy or broken: it may work in a while
        Configuration,  ///< only an operator can cure it
    };
    Kind kind = Kind::Passing;
    std::string words;                    ///< bounded; never the secret
    std::optional<base::Millis> asked{};  ///< Retry-After
};

/// The body of a token request: application/x-www-form-urlencoded, every value percent-encoded.
[[nodiscard]] std::string token_form(std::string_view client_id, std::string_view secret,
                                     const std::vector<std::string>& scopes);

/// `secret` is taken out of the endpoint's words, should it repeat it.
[[nodiscard]] std::variant<IssuedToken, TokenFailure> read_token_answer(const Answer& answer,
                                                                        std::string_view secret,
                                                                        base::WallTime now);

/// How long after its arrival a token is replaced: at 80 % of its lifetime or 5 minutes before its end,
/// whichever is later, less a random part (`random` in [0, 1)) so that many agents do not ask in step.
[[nodiscard]] base::Millis refresh_after(base::Millis lifetime, double random);

}  // namespace aep::http
