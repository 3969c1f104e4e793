namespace TalosTailscale.Core.Reporting.Export;

/// <summary>One station on a node's way from the key to the pull.</summary>
/// <param name="Name">What it is called in the picture.</param>
/// <param name="Status">The worst of its checks; Skipped when none was made.</param>
/// <param name="Checks">Its checks.</param>
internal sealed record ReportStation(string Name, TsCheckStatus Status, IReadOnlyList<TsCheck> Checks);

/// <summary>Sorts the checks of a node into the stations of the way.</summary>
internal static class ReportPath
{
    private static readonly (string Station, string[] Checks)[] s_stations =
    [
        ("Key", []),
        ("Config", ["ServiceConfig"]),
        ("Image", ["Extension", "Version", "BootVariant", "Efivars", "BootEntries", "RunningUki"]),
        ("Boot", ["Api", "Certificate", "Stage", "NodeName"]),
        ("Service", ["Service"]),
        ("Tailnet", ["TailnetAddress", "TailnetDevice", "NodeAddress"]),
        ("Names", ["Resolver", "RegistryName"]),
        ("Pull", ["PrivatePull", "PodPull"]),
    ];

    // The log speaks of several stations; its cause says of which.
    private static readonly Dictionary<string, string> s_stationOfCause = new(StringComparer.Ordinal)
    {
        ["AuthKeyRejected"] = "Key",
        ["TagsNotPermitted"] = "Key",
        ["OAuthKeyWithoutTags"] = "Key",
        ["LoginNeeded"] = "Key",
        ["NodeKeyExpired"] = "Key",
        ["ServiceConfigInvalid"] = "Config",
        ["SettingsNotMentioned"] = "Config",
        ["AcceptDnsOnReadOnlyRoot"] = "Config",
        ["DeviceApprovalNeeded"] = "Tailnet",
        ["ControlPlaneUnreachable"] = "Tailnet",
        ["ControlPlaneError"] = "Tailnet",
        ["ControlPlaneNotTrusted"] = "Tailnet",
        ["LoginTimeout"] = "Tailnet",
        ["ResolverBroken"] = "Names",
    };

    /// <summary>The stations of a node, in the order of the way.</summary>
    public static IReadOnlyList<ReportStation> Of(IReadOnlyList<TsCheck> checks)
    {
        var log = checks.FirstOrDefault(check => check.Name == "Log");
        // A node that got into the tailnet had a key that was good.
        var logAt = log?.Cause is { } cause ? s_stationOfCause.GetValueOrDefault(cause, "Service") : "Key";
        return
        [
            .. s_stations.Select(station =>
            {
                TsCheck[] own =
                [
                    .. checks.Where(check => station.Checks.Contains(check.Name)),
                    .. log is not null && logAt == station.Station ? new[] { log } : [],
                ];
                return new ReportStation(station.Station, ReportContent.Worst(own.Select(check => check.Status)), own);
            }),
        ];
    }

    /// <summary>Whether the checks are those of a node, so that there is a way to draw.</summary>
    public static bool IsNode(IEnumerable<TsCheck> checks) =>
        checks.Any(check => check.Name is "Api" or "Service" or "Extension");
}
