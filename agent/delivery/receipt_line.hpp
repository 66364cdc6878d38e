#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "record/batch.hpp"
#include "record/origin.hpp"

namespace aep::delivery {

/// A request and its answer, copied for the receipt that is made of them later.
struct ReceiptDraft {
    /// One message: its entity within `body`, and where its record came from.
    struct Place {
        std::uint32_t begin = 0;
        std::uint32_t size = 0;
        std::uint32_t origin = 0;  ///< index into `origins`
        std::uint64_t position = 0;
    };
    base::WallTime time = {};
    std::string destination;
    std::string stream;
    int status = 0;
    unsigned attempts = 0;
    std::string answer;
    std::string body;  ///< with room behind it for the parser
    std::vector<record::OriginPtr> origins;
    std::vector<Place> places;

    [[nodiscard]] std::size_t bytes() const {
        return answer.size() + body.size() + places.size() * sizeof(Place);
    }
};

/// The messages of `batch` are not settled yet.
[[nodiscard]] ReceiptDraft make_draft(const record::Batch& batch);

/// The receipt's line with its newline.
[[nodiscard]] std::string to_line(const ReceiptDraft& draft);

}  // namespace aep::delivery
