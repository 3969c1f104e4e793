namespace TalosTailscale.Tests.Rollout.Simulation;

/// <summary>One machine of a simulated fleet: what is true of it, and what is wrong with it.</summary>
internal sealed class SimulatedNode(string name, bool isControlPlane, TsRolloutMethod method)
{
    public string Name { get; } = name;

    public bool IsControlPlane { get; } = isControlPlane;

    public TsRolloutMethod Method { get; } = method;

    public bool Up { get; set; } = true;

    public bool Staged { get; set; }

    public bool RunsNew { get; set; }

    public bool Cordoned { get; set; }

    public int Boot { get; set; } = 1;

    /// <summary>Restarts that the rollout caused, in all.</summary>
    public int Restarts { get; set; }

    /// <summary>Restarts before the attempt that runs.</summary>
    public int RestartsBefore { get; set; }

    public bool SlowBoot { get; set; }

    public bool NeverReturns { get; set; }

    public bool KeyExpired { get; set; }

    public bool EspFull { get; set; }

    /// <summary>Whether a rollout can bring it to its end.</summary>
    public bool IsSound => !NeverReturns && !KeyExpired && !EspFull;

    public override string ToString() =>
        $"{Name}{(Up ? "" : " down")}{(Staged ? " staged" : "")}{(RunsNew ? " new" : "")}{(Cordoned ? " cordoned" : "")} restarts {Restarts}";
}
