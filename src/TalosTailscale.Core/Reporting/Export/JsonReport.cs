using System.Text.Json;
using System.Text.Json.Serialization;

namespace TalosTailscale.Core.Reporting.Export;

/// <summary>The objects of a report as JSON, with the names of their properties in camel case and enumerations as words.</summary>
internal static class JsonReport
{
    /// <summary>Rises when a reader would have to change.</summary>
    private const int Version = 1;

    public static Task WriteAsync(ReportContent content, Stream stream, CancellationToken cancellationToken)
    {
#pragma warning disable CA1869 // The options hold the mask of this one report.
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            WriteIndented = true,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        };
#pragma warning restore CA1869
        options.Converters.Add(new JsonStringEnumConverter());
        options.Converters.Add(new MaskedText(content.Mask));
        var document = new
        {
            Format = "TalosTailscale report",
            Version,
            content.Title,
            content.Created,
            content.Verdict,
            Nodes = content.Checks.Select(check => check.Node).Distinct().Count(),
            Passed = Count(content, TsCheckStatus.Pass),
            Warnings = Count(content, TsCheckStatus.Warning),
            Failed = Count(content, TsCheckStatus.Fail),
            Skipped = Count(content, TsCheckStatus.Skipped),
            content.Checks,
            content.Steps,
            content.Partitions,
        };
        return JsonSerializer.SerializeAsync(stream, document, options, cancellationToken);
    }

    private static int Count(ReportContent content, TsCheckStatus status) =>
        content.Checks.Count(check => check.Status == status);

    private sealed class MaskedText(Func<string, string> mask) : JsonConverter<string>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetString();

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
            writer.WriteStringValue(mask(value));
    }
}
