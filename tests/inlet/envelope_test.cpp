#include "inlet/envelope.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <vector>

#include "inlet/samples.hpp"

namespace aep::inlet {
namespace {

using testing::HasSubstr;

/// What is wrong with `json`; "" when nothing is.
std::string fault_of(const std::string& json, std::string_view org_id = kOrg) {
    simdjson::dom::parser parser;
    return envelope_fault(parser.parse(json).value(), org_id).value_or("");
}

std::string changed(std::string_view from, std::string_view to) {
    return replaced(message_with_id("a"), from, to);
}

/// Changes the first occurrence, which is the header's.
std::string changed_header(std::string_view from, std::string_view to) {
    std::string text = message_with_id("a");
    return text.replace(text.find(from), from.size(), to);
}

TEST(Envelope, AcceptsACompleteMessage) {
    EXPECT_EQ(fault_of(message_with_id("a")), "");
}

TEST(Envelope, AcceptsWhatMayBeAbsent) {
    EXPECT_EQ(fault_of(changed(R"("imsOrgId":"0123456789ABCDEF@AdobeOrg",)", "")), "");
    EXPECT_EQ(fault_of(changed(R"("flowId":"f1",)", "")), "");
    EXPECT_EQ(fault_of(changed(R"("createdAt":1526283801869,)", "")), "");
    EXPECT_EQ(fault_of(changed(R"(,"source":{"name":"shop"})", "")), "");
    EXPECT_EQ(fault_of(message_of("{}")), "");
}

TEST(Envelope, AcceptsFurtherKeys) {
    EXPECT_EQ(fault_of(changed(R"("flowId":"f1")", R"("flowId":"f1","msgId":"7","operations":{})")), "");
}

TEST(Envelope, AcceptsCreatedAtAsAString) {
    EXPECT_EQ(fault_of(changed("1526283801869", R"("1526283801869")")), "");
}

TEST(Envelope, AcceptsAnyOrganisationWhenItHasNone) {
    EXPECT_EQ(fault_of(message_with_id("a"), ""), "");
}

TEST(Envelope, FindsEachFault) {
    struct Case {
        std::string message;
        std::string fault;
    };
    const std::string unknown_format = "Message has unknown xdm format";
    const std::vector<Case> cases = {
        {"7", unknown_format},
        {"{}", "The 'header' field is mandatory. Provide a valid 'header' value and try again."},
        {R"({"header":[]})", "The 'header' field is mandatory"},
        {R"({"header":{}})", unknown_format},
        {changed_header("schemaRef", "xdmSchema"), unknown_format},
        {changed_header(R"("id":"https)", R"("key":"https)"), unknown_format},
        {changed_header("https://ns.adobe.com/acme/schemas/s1", ""), unknown_format},
        {changed_header("contentType", "type"), unknown_format},
        {changed_header("version=1", "version=2"), unknown_format},
        {changed("\"body\"", "\"bodies\""), unknown_format},
        {changed("\"xdmMeta\"", "\"meta\""), unknown_format},
        {changed("schemaRef", "xdmSchema"), unknown_format},
        {changed("schemas/s1", "schemas/s2"), "'body.xdmMeta.schemaRef' differs from 'header.schemaRef'"},
        {changed("xed-full+", "xed-full-notext+"), "differs from 'header.schemaRef'"},
        {changed(R"("0123456789ABCDEF@AdobeOrg")", R"("other@AdobeOrg")"), "absent or wrong ims org"},
        {changed(R"("0123456789ABCDEF@AdobeOrg")", "null"), "absent or wrong ims org"},
        {changed("datasetId", "dataset"), "The 'datasetId' field is mandatory"},
        {changed(R"("5e30d7986c0cc218a85cee65")", "5"), "The 'datasetId' field is mandatory"},
        {changed(R"("5e30d7986c0cc218a85cee65")", R"("")"), "The 'datasetId' field is mandatory"},
        {changed(R"("f1")", "1"), "'header.flowId' must be a string"},
        {changed("1526283801869", "true"), "'header.createdAt' must be a number or a string"},
        {changed(R"({"name":"shop"})", "{}"), "Payload header is missing Source Name"},
        {changed(R"({"name":"shop"})", R"("shop")"), "Payload header is missing Source Name"},
        {changed(R"("shop")", R"("")"), "Payload header is missing Source Name"},
        {message_of("[]"), "'body.xdmEntity' must be an object"},
        {changed("xdmEntity", "entity"), "'body.xdmEntity' must be an object"},
        {message_of(R"({"_id":7})"), "'body.xdmEntity._id' must be a string"},
        {message_of(R"({"timestamp":7})"), "'body.xdmEntity.timestamp' must be a string"},
    };
    for (const Case& one : cases) EXPECT_THAT(fault_of(one.message), HasSubstr(one.fault)) << one.message;
}

TEST(Envelope, ComparesContentTypesByMeaning) {
    EXPECT_EQ(fault_of(changed("xed-full+json;version=1", "XED-full+json ; version=1.0")), "");
}

TEST(ContentType, HasSpellingsThatMeanTheSame) {
    const std::string plain = "application/vnd.adobe.xed-full+json;version=1";
    EXPECT_EQ(normalized_content_type(plain), plain);
    EXPECT_EQ(normalized_content_type(plain + ".0"), plain);
    EXPECT_EQ(normalized_content_type(" Application/VND.adobe.xed-full+json ;\tversion=1 "), plain);
    EXPECT_EQ(normalized_content_type("application/vnd.adobe.xed-full-notext+json; version=1.0"),
              "application/vnd.adobe.xed-full-notext+json;version=1");
}

TEST(ContentType, IsRefusedWhenItNamesNoVersionOfAFullSchema) {
    for (const std::string_view wrong :
         {"", ";", "application/json", "application/vnd.adobe.xed-full+json",
          "application/vnd.adobe.xed-full+json;", "application/vnd.adobe.xed-full+json;version=2",
          "application/vnd.adobe.xed-full+json;version=1.00",
          "application/vnd.adobe.xed-full+json;{SCHEMA_VERSION}",
          "application/vnd.adobe.xed-full+json;ver sion=1",
          "application/vnd.adobe.xed-full+json;version=1;version=1"}) {
        EXPECT_EQ(normalized_content_type(wrong), std::nullopt) << wrong;
    }
}

}  // namespace
}  // namespace aep::inlet
