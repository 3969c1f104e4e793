using System.Globalization;
using System.Text.Json;

namespace TalosTailscale.Core.Tailnet;

/// <summary>
/// Reads devices out of the JSON of tailscaled and of API v2, without trusting that a field is there or of its kind:
/// Headscale and older versions leave fields out, write numbers as text, or the year 1 for "never".
/// </summary>
internal static class TailnetJson
{
    /// <summary>The devices of <c>tailscale status --json</c> and of <c>GET /localapi/v0/status</c> (ipn/ipnstate).</summary>
    public static IReadOnlyList<TailnetDevice> Status(JsonElement root, TailnetSource source)
    {
        var devices = new List<TailnetDevice>();
        if (Object(root, "Self") is { } self)
            devices.Add(StatusDevice(self, source, isSelf: true));
        if (Object(root, "Peer") is { } peers)
            foreach (var peer in peers.EnumerateObject())
                if (peer.Value.ValueKind == JsonValueKind.Object)
                    devices.Add(StatusDevice(peer.Value, source, isSelf: false));
        return devices;
    }

    /// <summary>A device of API v2.</summary>
    public static TailnetDevice ApiDevice(JsonElement device)
    {
        var dns = Text(device, "name").TrimEnd('.');
        var never = Flag(device, "keyExpiryDisabled") == true;
        var expires = never ? null : Time(device, "expires");
        var tags = Texts(device, "tags");
        return new TailnetDevice
        {
            Name = FirstLabel(dns, Text(device, "hostname")),
            Hostname = Text(device, "hostname"),
            DnsName = dns,
            Id = Text(device, "nodeId") is { Length: > 0 } id ? id : Text(device, "id"),
            Addresses = Texts(device, "addresses"),
            Tags = tags,
            Online = Flag(device, "connectedToControl"),
            LastSeen = Time(device, "lastSeen"),
            Authorized = Flag(device, "authorized"),
            KeyExpires = expires,
            KeyExpired = expires < DateTimeOffset.UtcNow,
            AdvertisedRoutes = Texts(device, "advertisedRoutes"),
            EnabledRoutes = Texts(device, "enabledRoutes"),
            OperatingSystem = Text(device, "os"),
            ClientVersion = Text(device, "clientVersion"),
            User = tags.Count > 0 ? "" : Text(device, "user"),
            Source = TailnetSource.Api,
        };
    }

    public static JsonElement? Object(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object
        && parent.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Object
            ? value
            : null;

    public static IEnumerable<JsonElement> Items(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object
        && parent.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray()
            : [];

    public static string Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value)
            ? value.ValueKind switch
            {
                JsonValueKind.String => value.GetString() ?? "",
                JsonValueKind.Number => value.GetRawText(),
                _ => "",
            }
            : "";

    public static bool? Flag(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value)
            ? value.ValueKind switch
            {
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                _ => null,
            }
            : null;

    public static IReadOnlyList<string> Texts(JsonElement parent, string name) =>
        [
            .. Items(parent, name)
                .Where(item => item.ValueKind == JsonValueKind.String)
                .Select(item => item.GetString()!),
        ];

    /// <summary>A time; null for none and for Go's zero time, the year 1.</summary>
    public static DateTimeOffset? Time(JsonElement parent, string name) =>
        DateTimeOffset.TryParse(
            Text(parent, name),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var time
        )
        && time.Year > 1
            ? time
            : null;

    private static TailnetDevice StatusDevice(JsonElement peer, TailnetSource source, bool isSelf)
    {
        var dns = Text(peer, "DNSName").TrimEnd('.');
        return new TailnetDevice
        {
            Name = FirstLabel(dns, Text(peer, "HostName")),
            Hostname = Text(peer, "HostName"),
            DnsName = dns,
            Id = Text(peer, "ID"),
            Addresses = Texts(peer, "TailscaleIPs"),
            Tags = Texts(peer, "Tags"),
            Online = Flag(peer, "Online"),
            LastSeen = Time(peer, "LastSeen"),
            KeyExpires = Time(peer, "KeyExpiry"),
            KeyExpired = Flag(peer, "Expired") == true,
            EnabledRoutes = Texts(peer, "PrimaryRoutes"),
            OperatingSystem = Text(peer, "OS"),
            IsSelf = isSelf,
            Source = source,
        };
    }

    private static string FirstLabel(string dnsName, string hostname) =>
        dnsName.Length > 0 ? dnsName.Split('.')[0] : hostname;
}
