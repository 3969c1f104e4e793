using TalosTailscale.Core.Reporting.Export;

namespace TalosTailscale.Tests.Reporting;

/// <summary>Contents for reports: a cluster with something of everything, and one that wants to break out of the page.</summary>
internal static class ReportSamples
{
    public const string Evil =
        "<img src=x onerror=alert(1)>'\"</style><script>alert(2)</script>&amp;\u202E\u0000\uD800]]>";

    private static readonly string[] s_checks =
    [
        "Api",
        "Certificate",
        "Version",
        "Stage",
        "Extension",
        "ServiceConfig",
        "Service",
        "Log",
        "TailnetAddress",
        "TailnetDevice",
        "Resolver",
        "NodeAddress",
        "NodeName",
        "BootVariant",
        "Efivars",
        "RegistryName",
        "PrivatePull",
    ];

    public static ReportContent Mixed() =>
        new()
        {
            Title = "Home lab: tailnet on Talos",
            Created = new DateTimeOffset(2026, 11, 22, 20, 15, 0, TimeSpan.Zero),
            Checks = [.. Node("ryzen"), .. Broken("ampone"), .. Warned("altra")],
            Partitions = [Esp("ampone", second: true), Esp("altra", second: false)],
            Steps =
            [
                Step("ryzen", "Check", TsCheckStatus.Pass, "running and ready; etcd has 3 healthy members", 1.2),
                Step("ryzen", "Patch", TsCheckStatus.Pass, "3 documents patched without a restart", 2.8),
                Step(
                    "ryzen",
                    "Activate",
                    TsCheckStatus.Pass,
                    "upgraded with factory.talos.dev/metal-installer/4a0d65c669d4…:v1.12.4",
                    74
                ),
                Step("ryzen", "Return", TsCheckStatus.Pass, "back after a new boot, running and ready", 128),
                Step("ryzen", "Verify", TsCheckStatus.Pass, "extension, service and 100.101.102.10 are there", 4.1),
                Step("ampone", "Check", TsCheckStatus.Pass, "running and ready", 1.1),
                Step(
                    "ampone",
                    "Activate",
                    TsCheckStatus.Fail,
                    "EspFull: the partition has 60 MiB free, 104 MiB are needed",
                    12.7
                ),
                Step("ampone", "Restart", TsCheckStatus.Skipped, "left out: the rollout stopped before", 0),
                new ReportStep("altra", "Activate", null, "Invoke-UkiSwap with Talos-v1.12.4.efi", TimeSpan.Zero),
            ],
        };

    public static ReportContent Hostile() =>
        new()
        {
            Title = Evil,
            Checks =
            [
                new()
                {
                    Node = Evil,
                    Name = Evil,
                    Status = TsCheckStatus.Fail,
                    Evidence = Evil,
                    Cause = Evil,
                    Fix = Evil,
                },
                .. Node(Evil),
            ],
            Partitions =
            [
                Esp(Evil, second: true) with
                {
                    Device = Evil,
                    Findings = [new EspFinding(Evil, Evil, Evil)],
                },
            ],
            Steps = [Step(Evil, Evil, TsCheckStatus.Fail, Evil, 1)],
        };

    private static IEnumerable<TsCheck> Node(string node) =>
        s_checks.Select(
            (name, i) =>
                new TsCheck
                {
                    Node = node,
                    Name = name,
                    Status = TsCheckStatus.Pass,
                    Evidence = name switch
                    {
                        "Api" => "answers as v1.12.4 on 192.168.1.194",
                        "TailnetAddress" => "100.101.102.10, fd7a:115c:a1e0::10",
                        "PrivatePull" =>
                            "pulled sha256:0f3a7a5be1c05f2cfd0fa5e7a1a6c1d5b8f9e0a4c2d1b3a5968778695a4b3c2d in 1.4 s",
                        _ => "as it should be",
                    },
                    Duration = TimeSpan.FromMilliseconds(12 + (i * 17)),
                }
        );

    private static IEnumerable<TsCheck> Broken(string node) =>
        Node(node)
            .Select(check =>
                check.Name switch
                {
                    "Service" => check with
                    {
                        Status = TsCheckStatus.Fail,
                        Evidence =
                            "Waiting since 19:04:11 UTC, failed 12 times in the last 15 minutes: task \"ext-tailscale\" failed: exit code 1",
                        Cause = "ServiceFlapping",
                        Fix = "See the check 'Log' for the reason; Get-TalosLog ext-tailscale shows the whole log.",
                        FailureMode = 3,
                    },
                    "Log" => check with
                    {
                        Status = TsCheckStatus.Fail,
                        Evidence = "backend error: invalid key: API key kT3st0004CNTRL not valid",
                        Cause = "AuthKeyRejected",
                        Fix = "Make a new key (New-TailnetAuthKey or the admin console), render and apply again.",
                        FailureMode = 3,
                    },
                    "TailnetAddress" => check with
                    {
                        Status = TsCheckStatus.Fail,
                        Evidence = "no address of 100.64.0.0/10 on the node",
                        Cause = "TailnetAddressMissing",
                        Fix = "See the checks 'Service' and 'Log'.",
                        FailureMode = 3,
                    },
                    "TailnetDevice" or "RegistryName" or "PrivatePull" => check with
                    {
                        Status = TsCheckStatus.Skipped,
                        Evidence = "no -RegistryImage was given",
                    },
                    _ => check,
                }
            );

    private static IEnumerable<TsCheck> Warned(string node) =>
        Node(node)
            .Select(check =>
                check.Name == "ServiceConfig"
                    ? check with
                    {
                        Status = TsCheckStatus.Warning,
                        Evidence = "TS_AUTH_ONCE is not true: the node logs in anew at every start.",
                        Cause = "ServiceConfigInvalid",
                        Fix = "Set TS_AUTH_ONCE=true.",
                        FailureMode = 3,
                    }
                    : check
            );

    private static EspInfo Esp(string node, bool second) =>
        new()
        {
            Node = node,
            Device = "/dev/nvme0n1p1",
            Size = 2101L << 20,
            Free = (second ? 1710L : 1890L) << 20,
            NextBoot = new()
            {
                Entry = new() { Id = "talos-v1.12.4.efi", FileName = "Talos-v1.12.4.efi" },
                Reason = BootReason.DefaultVariable,
            },
            Files =
            [
                File("EFI/BOOT/BOOTAA64.EFI", 1, EspFileRole.BootLoader),
                File("EFI/Linux/Talos-v1.12.4.efi", 104, EspFileRole.Entry) with
                {
                    IsBooted = true,
                    BootsNext = true,
                },
                .. second ? new[] { File("EFI/Linux/Talos-v1.12.4~1.efi", 104, EspFileRole.Entry) } : [],
                File("EFI/Linux/Talos-v1.12.4.efi.bak.20261101T101500Z", 98, EspFileRole.Backup),
            ],
            Findings = second
                ?
                [
                    new EspFinding(
                        "DuplicateEntries",
                        "v1.12.4: Talos-v1.12.4.efi, Talos-v1.12.4~1.efi.",
                        "A swap takes duplicates out of the menu that nothing names."
                    ),
                ]
                : [],
        };

    private static EspFile File(string path, long mebibytes, EspFileRole role) =>
        new()
        {
            Path = path,
            Size = mebibytes << 20,
            Role = role,
            Modified = new DateTimeOffset(2026, 11, 1, 10, 15, 0, TimeSpan.Zero),
            Uki = role == EspFileRole.BootLoader ? null : new() { Name = path, Version = "v1.12.4" },
        };

    private static ReportStep Step(string node, string name, TsCheckStatus status, string evidence, double seconds) =>
        new(node, name, status, evidence, TimeSpan.FromSeconds(seconds));
}
