using TalosTailscale.Core.Talos;
using TalosTailscale.Core.Validation;

namespace TalosTailscale.Tests.Validation;

/// <summary>Breaks a healthy node in one way.</summary>
internal static class FaultyNode
{
    private const string Restart =
        "Error running Containerd(ext-tailscale), going to restart forever: task \"ext-tailscale\" failed: exit code 1";

    public static (TailnetDevice? Device, NodeEsp Esp) Break(string fault, FakeNodeProbe node, TailnetDevice device, NodeEsp esp)
    {
        TailnetDevice? changed = device;
        switch (fault)
        {
            case "":
                break;
            case "old address": node.Kubelet = ["192.168.1.202"]; break;
            case "renamed": node.Nodename = "talos-abc-def"; break;
            case "kubelet on the tailnet": node.Kubelet = ["100.101.102.103"]; break;
            case "etcd on the tailnet": node.Etcd = ["100.101.102.103"]; break;
            case "off": node.Unreachable = TalosErrors.TalosNodeUnavailable.New("connection refused"); break;
            case "wrong CA": node.Unreachable = TalosErrors.TalosServerNotTrusted.New("the chain ends elsewhere"); break;
            case "certificate ends": node.ClientCertificateEnds = DateTimeOffset.UtcNow.AddDays(3); break;
            case "other architecture": node.Version = node.Version with { Architecture = TalosArchitecture.Amd64 }; break;
            case "booting": node.Status = Booting(); break;
            case "halted": node.Status = Booting(); node.CommandLine += " talos.halt_if_installed=1"; break;
            case "boot waits for config": node.Status = Booting(); Service(node, "Waiting", "Waiting for extension service config"); break;
            case "no extension": node.Extensions = []; break;
            case "no config": node.Active = null; node.Persistent = null; break;
            case "config only active": node.Persistent = null; break;
            case "accept DNS": node.Active = node.Persistent = FakeNodeProbe.Environment("TS_EXTRA_ARGS=--accept-dns"); break;
            case "host bits": node.Active = node.Persistent = FakeNodeProbe.Environment("TS_ROUTES=10.96.0.1/12"); break;
            case "flapping": Service(node, "Waiting", Restart, "Started task", Restart); break;
            case "flapping, running at the moment": Service(node, "Running", Restart, "Started task"); Log(node, "boot: x Starting tailscaled"); break;
            case "stopped": Service(node, "Finished", "Service finished successfully"); break;
            case "waiting for config": Service(node, "Waiting", "Waiting for extension service config"); break;
            case "expired key": Log(node, "boot: x Starting tailscaled", "backend error: invalid key: API key kT3st0004CNTRL not valid", "boot: x failed to auth tailscale: failed to auth tailscale: tailscale up failed: exit status 1"); break;
            case "no tailnet address": node.Addresses = ["192.168.1.203/24"]; break;
            case "no quad-100": node.Dns = ["1.1.1.1"]; break;
            case "quad-100 last": node.Dns = ["1.1.1.1", "100.100.100.100"]; break;
            case "only quad-100": node.Dns = ["100.100.100.100"]; break;
            case "halt flag running": node.CommandLine += " talos.halt_if_installed=true"; break;
            case "GRUB": node.Security = node.Security with { BootedWithUki = false }; break;
            case "efivars": node.EfivarsErrors = ["write /sys/firmware/efi/efivars/LoaderEntryDefault-…: input/output error"]; break;
            case "no such host": Pull(node, "failed to do request: dial tcp: lookup registry.ide-newton.ts.net: no such host"); break;
            case "no such image": Pull(node, "error pulling image: registry.ide-newton.ts.net/x:1: not found"); break;
            case "unauthorized": Pull(node, "unexpected status code 401 Unauthorized"); break;
            case "refused": Pull(node, "dial tcp 100.1.2.3:443: connect: connection refused"); break;
            case "device missing": changed = null; break;
            case "device renamed": changed = device with { Name = "ampone-1" }; break;
            case "device offline": changed = device with { Online = false }; break;
            case "device not approved": changed = device with { Authorized = false }; break;
            case "device expired": changed = device with { KeyExpired = true }; break;
            case "device expires soon": changed = device with { KeyExpires = DateTimeOffset.UtcNow.AddDays(2) }; break;
            case "device without tag": node.Active = node.Persistent = FakeNodeProbe.Environment("TS_EXTRA_ARGS=--advertise-tags=tag:other"); break;
            case "duplicate entries": esp = esp with { Duplicates = ["Talos-v1.12.4.efi", "Talos-v1.12.4~1.efi"] }; break;
            case "other next boot": esp = esp with { NextEntry = "Talos-v1.13.0.efi" }; break;
            case "UKI of another schematic": esp = esp with { NextSchematic = new string('5', 64) }; break;
            case "installer UKI on the ESP": esp = esp with { NextHalts = true }; break;
            default: throw new ArgumentOutOfRangeException(nameof(fault), fault, "unknown fault");
        }

        return (changed, esp);
    }

    private static TalosMachineStatus Booting() => new()
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
