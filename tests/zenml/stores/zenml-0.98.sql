-- Tables of a store that ZenML 0.98.0 wrote: those that say what its stacks are.
PRAGMA foreign_keys = OFF;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO alembic_version VALUES ('0.98.0');
CREATE TABLE user (
	id CHAR(32) NOT NULL, 
	created DATETIME NOT NULL, 
	updated DATETIME NOT NULL, 
	name VARCHAR NOT NULL, 
	is_service_account BOOLEAN NOT NULL, 
	full_name VARCHAR NOT NULL, 
	description TEXT, 
	email VARCHAR, 
	avatar_url TEXT, 
	active BOOLEAN NOT NULL, 
	password VARCHAR, 
	password_changed_at DATETIME, 
	activation_token VARCHAR, 
	email_opted_in BOOLEAN, 
	external_user_id CHAR(32), 
	is_admin BOOLEAN NOT NULL, 
	user_metadata VARCHAR, 
	oidc_claims JSON, 
	default_project_id CHAR(32), 
	PRIMARY KEY (id), 
	UNIQUE (name, is_service_account), 
	CONSTRAINT fk_user_default_project_id_project FOREIGN KEY(default_project_id) REFERENCES project (id) ON DELETE SET NULL
);
INSERT INTO user VALUES ('1a49026e70164100991a23c214829a65', '2026-11-23 22:50:14.946722', '2026-11-23 22:50:14.946764', 'default', 0, '', NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, 1, NULL, 'null', NULL);
CREATE TABLE service_connector (
	id CHAR(32) NOT NULL, 
	created DATETIME NOT NULL, 
	updated DATETIME NOT NULL, 
	name VARCHAR NOT NULL, 
	connector_type TEXT, 
	description VARCHAR NOT NULL, 
	auth_method TEXT, 
	resource_types BLOB NOT NULL, 
	resource_id TEXT, 
	supports_instances BOOLEAN NOT NULL, 
	configuration BLOB, 
	secret_id CHAR(32), 
	expires_at DATETIME, 
	expires_skew_tolerance INTEGER, 
	expiration_seconds INTEGER, 
	labels BLOB, 
	user_id CHAR(32), 
	PRIMARY KEY (id), 
	CONSTRAINT unique_service_connector_name UNIQUE (name), 
	CONSTRAINT fk_service_connector_user_id_user FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE SET NULL
);
INSERT INTO service_connector VALUES ('051abcb722fa47a287479726395b0b63', '2026-11-23 22:50:15.458294', '2026-11-23 22:50:15.458323', 'docker-con', 'docker', '', 'password', X'57794a6b62324e725a584974636d566e61584e30636e6b6958513d3d', NULL, 0, X'65794a795a576470633352796553493649434a795a57647063335279655335685932316c4c6d5634595731776247556966513d3d', '1123237505194c4394f976b17183fe46', NULL, NULL, NULL, NULL, '1a49026e70164100991a23c214829a65');
CREATE TABLE flavor (
	id CHAR(32) NOT NULL, 
	created DATETIME NOT NULL, 
	updated DATETIME NOT NULL, 
	name VARCHAR NOT NULL, 
	type VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	display_name VARCHAR, 
	config_schema TEXT NOT NULL, 
	integration VARCHAR, 
	connector_type VARCHAR, 
	connector_resource_type VARCHAR, 
	connector_resource_id_attr VARCHAR, 
	user_id CHAR(32), 
	logo_url VARCHAR, 
	docs_url VARCHAR, 
	sdk_docs_url VARCHAR, 
	is_custom BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT unique_flavor_name_and_type UNIQUE (name, type), 
	CONSTRAINT fk_flavor_user_id_user FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE SET NULL
);
INSERT INTO flavor VALUES ('c5e614c66bfb423693c3c817115eb32f', '2026-11-23 22:50:08.150718', '2026-11-23 22:50:08.150750', 'local', 'orchestrator', 'zenml.orchestrators.local.local_orchestrator.LocalOrchestratorFlavor', NULL, '{"description": "Local orchestrator config.", "properties": {}, "title": "LocalOrchestratorConfig", "type": "object"}', 'built-in', NULL, NULL, NULL, NULL, 'https://public-flavor-logos.s3.eu-central-1.amazonaws.com/orchestrator/local.png', 'https://docs.zenml.io/stack-components/orchestrators/local', 'https://sdkdocs.zenml.io/0.98.0/core_code_docs/core-orchestrators/#zenml.orchestrators.local.local_orchestrator', 0);
CREATE TABLE stack_component (
	id CHAR(32) NOT NULL, 
	created DATETIME NOT NULL, 
	updated DATETIME NOT NULL, 
	name VARCHAR NOT NULL, 
	type VARCHAR NOT NULL, 
	flavor VARCHAR NOT NULL, 
	configuration BLOB NOT NULL, 
	labels BLOB, 
	environment BLOB, 
	user_id CHAR(32), 
	connector_id CHAR(32), 
	connector_resource_id VARCHAR, 
	PRIMARY KEY (id), 
	CONSTRAINT unique_component_name_and_type UNIQUE (name, type), 
	CONSTRAINT fk_stack_component_user_id_user FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE SET NULL, 
	CONSTRAINT fk_stack_component_connector_id_service_connector FOREIGN KEY(connector_id) REFERENCES service_connector (id) ON DELETE SET NULL
);
INSERT INTO stack_component VALUES ('bfcf44f97eaf487ab19297f808708345', '2026-11-23 22:50:14.094935', '2026-11-23 22:50:14.094965', 'default', 'orchestrator', 'local', X'6533303d', X'626e567362413d3d', X'626e567362413d3d', NULL, NULL, NULL);
INSERT INTO stack_component VALUES ('e268e302825e4204b6620514f4051aa0', '2026-11-23 22:50:14.180949', '2026-11-23 22:50:14.180995', 'default', 'deployer', 'local', X'6533303d', X'626e567362413d3d', X'626e567362413d3d', NULL, NULL, NULL);
INSERT INTO stack_component VALUES ('01811f54a6254ec3a6d9a9a16df7e019', '2026-11-23 22:50:14.216021', '2026-11-23 22:50:14.216064', 'default', 'artifact_store', 'local', X'6533303d', X'626e567362413d3d', X'626e567362413d3d', NULL, NULL, NULL);
INSERT INTO stack_component VALUES ('0437fedb29d24c6e861cba3a362af1fd', '2026-11-23 22:50:15.108087', '2026-11-23 22:50:15.108117', 'k8s', 'orchestrator', 'kubernetes', X'65794a7a6557356a61484a76626d39316379493649475a6862484e6c4c434169613356695a584a755a58526c633139755957316c63334268593255694f6941696257776966513d3d', X'65794a305a574674496a6f67496d317349697767496e52705a5849694f6941695a3239735a434a39', X'626e567362413d3d', '1a49026e70164100991a23c214829a65', NULL, NULL);
INSERT INTO stack_component VALUES ('567c11b7dd044202a5ce6253ea256f82', '2026-11-23 22:50:15.199092', '2026-11-23 22:50:15.199121', 'bucket', 'artifact_store', 's3', X'65794a775958526f496a6f67496e4d7a4f69387659574e745a5339365a57357462434a39', X'626e567362413d3d', X'626e567362413d3d', '1a49026e70164100991a23c214829a65', NULL, NULL);
INSERT INTO stack_component VALUES ('67203b2fd73b452b94eb3bcc934de35b', '2026-11-23 22:50:15.280659', '2026-11-23 22:50:15.280691', 'one', 'experiment_tracker', 'wandb', X'65794a6863476c6661325635496a6f67496d6c75646d56756447566b49697767496e42796232706c59335266626d46745a53493649434a6a6148567962694a39', X'626e567362413d3d', X'626e567362413d3d', '1a49026e70164100991a23c214829a65', NULL, NULL);
INSERT INTO stack_component VALUES ('914871be1c724afca49ef0e95ce6f479', '2026-11-23 22:50:15.325800', '2026-11-23 22:50:15.328575', 'two', 'experiment_tracker', 'wandb', X'65794a6863476c6661325635496a6f67496d6c75646d56756447566b496e303d', X'626e567362413d3d', X'626e567362413d3d', '1a49026e70164100991a23c214829a65', NULL, NULL);
INSERT INTO stack_component VALUES ('231d9bc8faec4253998970078fbc5c41', '2026-11-23 22:50:15.354315', '2026-11-23 22:50:15.555779', 'reg', 'container_registry', 'default', X'65794a31636d6b694f694169636d566e61584e30636e6b7559574e745a53356c654746746347786c496e303d', X'626e567362413d3d', X'626e567362413d3d', '1a49026e70164100991a23c214829a65', '051abcb722fa47a287479726395b0b63', 'registry.acme.example');
CREATE TABLE stack (
	id CHAR(32) NOT NULL, 
	created DATETIME NOT NULL, 
	updated DATETIME NOT NULL, 
	name VARCHAR NOT NULL, 
	description VARCHAR, 
	stack_spec_path VARCHAR, 
	labels BLOB, 
	environment BLOB, 
	user_id CHAR(32), 
	PRIMARY KEY (id), 
	CONSTRAINT unique_stack_name UNIQUE (name), 
	CONSTRAINT fk_stack_user_id_user FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE SET NULL
);
INSERT INTO stack VALUES ('c7c9a9001b494300a2222795138ae2de', '2026-11-23 22:50:14.320463', '2026-11-23 22:50:14.332653', 'default', '', NULL, X'6533303d', X'626e567362413d3d', NULL);
INSERT INTO stack VALUES ('e499c220680b49078fb4cc4d525093e3', '2026-11-23 22:50:15.862524', '2026-11-23 22:50:15.974898', 'prod', 'all that is real', NULL, X'65794a6c626e59694f69416963484a765a434a39', X'626e567362413d3d', '1a49026e70164100991a23c214829a65');
CREATE TABLE stack_composition (
	stack_id CHAR(32) NOT NULL, 
	component_id CHAR(32) NOT NULL, 
	default_for_type VARCHAR, 
	PRIMARY KEY (stack_id, component_id), 
	CONSTRAINT unique_default_stack_component_type UNIQUE (stack_id, default_for_type), 
	CONSTRAINT fk_stack_composition_stack_id_stack FOREIGN KEY(stack_id) REFERENCES stack (id) ON DELETE CASCADE, 
	CONSTRAINT fk_stack_composition_component_id_stack_component FOREIGN KEY(component_id) REFERENCES stack_component (id) ON DELETE CASCADE
);
INSERT INTO stack_composition VALUES ('c7c9a9001b494300a2222795138ae2de', 'bfcf44f97eaf487ab19297f808708345', 'orchestrator');
INSERT INTO stack_composition VALUES ('c7c9a9001b494300a2222795138ae2de', 'e268e302825e4204b6620514f4051aa0', 'deployer');
INSERT INTO stack_composition VALUES ('c7c9a9001b494300a2222795138ae2de', '01811f54a6254ec3a6d9a9a16df7e019', 'artifact_store');
INSERT INTO stack_composition VALUES ('e499c220680b49078fb4cc4d525093e3', '0437fedb29d24c6e861cba3a362af1fd', 'orchestrator');
INSERT INTO stack_composition VALUES ('e499c220680b49078fb4cc4d525093e3', '567c11b7dd044202a5ce6253ea256f82', 'artifact_store');
INSERT INTO stack_composition VALUES ('e499c220680b49078fb4cc4d525093e3', '914871be1c724afca49ef0e95ce6f479', 'experiment_tracker');
INSERT INTO stack_composition VALUES ('e499c220680b49078fb4cc4d525093e3', '67203b2fd73b452b94eb3bcc934de35b', NULL);
INSERT INTO stack_composition VALUES ('e499c220680b49078fb4cc4d525093e3', '231d9bc8faec4253998970078fbc5c41', 'container_registry');
