#include "inlet/samples.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace aep::inlet {

std::string message_of(std::string_view entity) {
    return fmt::format(R"({{"header":{{"schemaRef":{{"id":"https://ns.adobe.com/acme/schemas/s1",)"
                       R"("contentType":"application/vnd.adobe.xed-full+json;version=1"}},"imsOrgId":"{}",)"
                       R"("datasetId":"5e30d7986c0cc218a85cee65","flowId":"f1","createdAt":1526283801869,)"
                       R"("source":{{"name":"shop"}}}},"body":{{"xdmMeta":{{"schemaRef":{{)"
                       R"("id":"https://ns.adobe.com/acme/schemas/s1","contentType":)"
                       R"("application/vnd.adobe.xed-full+json;version=1"}}}},"xdmEntity":{}}}}})",
                       kOrg, entity);
}

std::string message_with_id(std::string_view id) {
    return message_of(fmt::format(R"({{"_id":"{}","timestamp":"2026-01-31T12:00:00Z"}})", id));
}

std::string batch_of(const std::vector<std::string>& messages) {
    return fmt::format(R"({{"messages":[{}]}})", fmt::join(messages, ","));
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.rfind(from);
    if (at == std::string::npos) throw std::logic_error{fmt::format("no {} in the sample", from)};
    return text.replace(at, from.size(), to);
}

}  // namespace aep::inlet
