using TalosTailscale.Core.Talos;
using TalosTailscale.Core.Validation;

namespace TalosTailscale.Tests.Validation;

/// <summary>Breaks a healthy node in one way.</summary>
internal static class FaultyNode
{
    private const string Restart =
        "Error running Containerd(ext-tailscale), going to restart forever: task \"ext-tailscale\" failed: exit code 1";

    public static EspInfo HealthyEsp() =>
        new()
        {
            Node = "ampone",
            Device = "/dev/nvme0n1p1",
            BootedEntry = "talos-v1.12.4.efi",
            NextBoot = new()
            {
                Entry = new() { Id = "talos-v1.12.4.efi", FileName = "Talos-v1.12.4.efi" },
            },
            Files =
            [
                new()
                {
                    Path = "EFI/Linux/Talos-v1.12.4.efi",
                    Role = EspFileRole.Entry,
                    Modified = DateTimeOffset.UtcNow.AddDays(-1),
                    IsBooted = true,
                    BootsNext = true,
                    Uki = new()
                    {
                        Name = "Talos-v1.12.4.efi",
                        Version = "v1.12.4",
                        CommandLine = FakeNodeProbe.HealthyCommandLine,
                        ExtensionsRead = true,
                        Extensions =
                        [
                            new() { Name = "tailscale", Version = "1.94.1" },
                            new() { Name = "schematic", Version = new string('4', 64) },
                        ],
                        SchematicId = new string('4', 64),
                    },
                },
            ],
        };

    public static TailnetDevice? Break(string fault, FakeNodeProbe node, TailnetDevice device)
    {
        TailnetDevice? changed = device;
        switch (fault)
        {
            case "":
                break;
            case "old address":
                node.Kubelet = ["192.168.1.202"];
                break;
            case "renamed":
                node.Nodename = "talos-abc-def";
                break;
            case "kubelet on the tailnet":
                node.Kubelet = ["100.101.102.103"];
                break;
            case "etcd on the tailnet":
                node.Etcd = ["100.101.102.103"];
                break;
            case "off":
                node.Unreachable = TalosErrors.TalosNodeUnavailable.New("connection refused");
                break;
            case "moved":
                node.Unreachable = TalosErrors.TalosNodeUnavailable.New("no route to host");
                node.MovedTo = "192.168.1.204";
                break;
            case "wrong CA":
                node.Unreachable = TalosErrors.TalosServerNotTrusted.New("the chain ends elsewhere");
                break;
            case "certificate ends":
                node.ClientCertificateEnds = DateTimeOffset.UtcNow.AddDays(3);
                break;
            case "other architecture":
                node.Version = node.Version with { Architecture = TalosArchitecture.Amd64 };
                break;
            case "booting":
                node.Status = Booting();
                break;
            case "halted":
                node.Status = Booting();
                node.CommandLine += " talos.halt_if_installed=1";
                break;
            case "boot waits for config":
                node.Status = Booting();
                Service(node, "Waiting", "Waiting for extension service config");
                break;
            case "no extension":
                node.Extensions = [];
                break;
            case "no config":
                node.Active = null;
                node.Persistent = null;
                break;
            case "config only active":
                node.Persistent = null;
                break;
            case "accept DNS":
                node.Active = node.Persistent = FakeNodeProbe.Environment("TS_EXTRA_ARGS=--accept-dns");
                break;
            case "host bits":
                node.Active = node.Persistent = FakeNodeProbe.Environment("TS_ROUTES=10.96.0.1/12");
                break;
            case "flapping":
                Service(node, "Waiting", Restart, "Started task", Restart);
                break;
            case "flapping, running at the moment":
                Service(node, "Running", Restart, "Started task");
                Log(node, "boot: x Starting tailscaled");
                break;
            case "stopped":
                Service(node, "Finished", "Service finished successfully");
                break;
            case "waiting for config":
                Service(node, "Waiting", "Waiting for extension service config");
                break;
            case "expired key":
                Log(
                    node,
                    "boot: x Starting tailscaled",
                    "backend error: invalid key: API key kT3st0004CNTRL not valid",
                    "boot: x failed to auth tailscale: failed to auth tailscale: tailscale up failed: exit status 1"
                );
                break;
            case "no tailnet address":
                node.Addresses = ["192.168.1.203/24"];
                break;
            case "no quad-100":
                node.Dns = ["1.1.1.1"];
                break;
            case "quad-100 last":
                node.Dns = ["1.1.1.1", "100.100.100.100"];
                break;
            case "only quad-100":
                node.Dns = ["100.100.100.100"];
                break;
            case "halt flag running":
                node.CommandLine += " talos.halt_if_installed=true";
                break;
            case "GRUB":
                node.Security = node.Security with { BootedWithUki = false };
                break;
            case "efivars":
                node.EfivarsErrors = ["write /sys/firmware/efi/efivars/LoaderEntryDefault-…: input/output error"];
                break;
            case "no such host":
                Pull(node, "failed to do request: dial tcp: lookup registry.ide-newton.ts.net: no such host");
                break;
            case "no such image":
                Pull(node, "error pulling image: registry.ide-newton.ts.net/x:1: not found");
                break;
            case "unauthorized":
                Pull(node, "unexpected status code 401 Unauthorized");
                break;
            case "refused":
                Pull(node, "dial tcp 100.1.2.3:443: connect: connection refused");
                break;
            case "device missing":
                changed = null;
                break;
            case "device renamed":
                changed = device with { Name = "ampone-1" };
                break;
            case "device offline":
                changed = device with { Online = false };
                break;
            case "device not approved":
                changed = device with { Authorized = false };
                break;
            case "device expired":
                changed = device with { KeyExpired = true };
                break;
            case "device expires soon":
                changed = device with { KeyExpires = DateTimeOffset.UtcNow.AddDays(2) };
                break;
            case "device without tag":
                node.Active = node.Persistent = FakeNodeProbe.Environment("TS_EXTRA_ARGS=--advertise-tags=tag:other");
                break;
            case "upgrade without variable":
                Upgraded(node);
                break;
            case "duplicate entries":
                Find(node, "DuplicateEntries");
                break;
            case "other next boot":
                Find(node, "NextBootIsAnother");
                break;
            case "booted entry gone":
                Find(node, "BootedEntryMissing");
                break;
            case "stale variable":
                Find(node, "StaleVariable");
                break;
            case "nothing boots":
                node.Esp = node.Esp! with { NextBoot = new() };
                break;
            case "UKI of another version":
                Uki(node, (file, uki) => file with { Uki = uki with { Version = "v1.12.3" } });
                break;
            case "UKI with another command line":
                Uki(node, (file, uki) => file with { Uki = uki with { CommandLine = "talos.platform=metal" } });
                break;
            case "UKI exchanged since the boot":
                Find(node, "RestartNeeded");
                break;
            case "installer UKI on the ESP":
                Uki(node, (file, uki) => file with { Uki = uki with { HaltsIfInstalled = true } });
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(fault), fault, "unknown fault");
        }

        return changed;
    }

    private static void Upgraded(FakeNodeProbe node) =>
        node.Esp = node.Esp! with
        {
            VariablesRead = true,
            NextBoot = node.Esp.NextBoot with { Reason = BootReason.FirstInOrder },
            Files =
            [
                .. node.Esp.Files,
                node.Esp.Files[0] with
                {
                    Path = "EFI/Linux/Talos-v1.12.4~1.efi",
                    IsBooted = false,
                    BootsNext = false,
                },
            ],
        };

    private static void Find(FakeNodeProbe node, string code) =>
        node.Esp = node.Esp! with
        {
            Findings =
            [
                new EspFinding("LowSpace", "1 byte", "Prune."),
                new EspFinding(code, "what was found", "What to do."),
            ],
        };

    private static void Uki(FakeNodeProbe node, Func<EspFile, UkiInfo, EspFile> change) =>
        node.Esp = node.Esp! with { Files = [change(node.Esp.Files[0], node.Esp.Files[0].Uki!)] };

    private static TalosMachineStatus Booting() =>
        new()
        {
            Node = "ampone",
            Stage = "booting",
            Ready = false,
            UnmetConditions = ["services: ext-tailscale not up"],
        };

    private static void Service(FakeNodeProbe node, string state, params string[] messages)
    {
        node.Services.Clear();
        node.Services.Enqueue(FakeNodeProbe.Service(state, messages));
    }

    private static void Log(FakeNodeProbe node, params string[] lines) => node.LogLines = lines;

    private static void Pull(FakeNodeProbe node, string message) =>
        node.Pull = _ => throw TalosErrors.TalosCallFailed.New(message);
}
